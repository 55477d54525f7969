"""What checks of outages have in common: the part of the recording in which something was away."""

from __future__ import annotations

from typing import Final

from udckit.conformance import NotObserved
from udckit.conformance.scenario import Look, Recording, played

OK: Final = 200
HEALTH: Final = "watched /health"
DEPENDENCIES: Final = "watched /dependencies"
WITHIN: Final = 120.0

_DECLARE: Final = {
    "database": '[dependencies.database] url = "postgresql://…"',
    "redis": '[dependencies.redis] url = "redis://127.0.0.1:6379/0"',
    "external-api": '[dependencies.external-api] url = "https://…" and its environment',
}


def away(recording: Recording | None, kind: str) -> Recording:
    """Give the part in which a kind of dependency was cut; the droplet was healthy before."""
    return _part(recording, kind, f"{kind} cut", f"{kind} restored")


def back(recording: Recording | None, kind: str) -> Recording:
    """Give the part after it was given back."""
    part = _part(recording, kind, f"{kind} restored", None)
    following = [
        note.at
        for note in part.notes
        if note.at > (part.at(f"{kind} restored") or 0.0)
        and note.what.endswith((" cut", " hang", "all well"))
    ]
    return part.between(0.0, min(following, default=None))


def hung(recording: Recording | None, kind: str) -> Recording:
    """Give the part in which it took connections and never answered."""
    return _part(recording, kind, f"{kind} hang", "hang over")


def _part(recording: Recording | None, kind: str, start: str, end: str | None) -> Recording:
    if recording is None:
        raise NotObserved(
            f"no {kind} was declared that could be taken away: {_DECLARE[kind]} in udckit.toml"
        )
    played(recording)
    if recording.at("well") is None:
        raise NotObserved(
            "it was not healthy before anything was taken away", blocked_by="UDC-HEALTH-008"
        )
    if recording.at(start) is None:
        raise NotObserved(f"no {kind} was declared: {_DECLARE[kind]} in udckit.toml")
    return recording.part(start, end)


def missed(part: Recording, kind: str) -> bool:
    """Say whether the droplet noticed in time, as far as the kit waited for it."""
    return part.at(f"{kind} missed") is not None


def outlived(part: Recording, kind: str) -> None:
    """End the check where a SQLite file was taken away and the droplet had it open."""
    note = part.note(f"{kind} cut")
    if note is not None and note.detail.get("file") and not missed(part, kind):
        raise NotObserved(
            "the file was taken away, but an open SQLite file outlives its name; declare a "
            "database that is reached over a network"
        )


def word(look: Look) -> object:
    """Give the `status` of an answer of /health."""
    return look.member("status")
