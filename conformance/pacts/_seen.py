"""What a droplet was seen to send to Registry and Orchestrator, from a journal or a run record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from udckit.conformance.record import RunRecord
from udckit.conformance.scenario import Recordings

__all__ = ["SIDES", "Seen", "seen_in_journal", "seen_in_record"]

SIDES: Final = ("registry", "orchestrator")


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, and what it was answered; no token is in it."""

    provider: str
    method: str
    path: str
    operation: str | None
    authorized: bool
    """Whether it bore a token, be it what it may."""
    body: Any
    problems: tuple[str, ...]
    answered: int
    answer: Any


def seen_in_journal(entries: Iterable[Mapping[str, Any]]) -> Iterator[Seen]:
    """Read the entries of a fake's journal, as its control API gives them.

    What was struck by a fault, or never answered, shows nothing that anybody needs.
    """
    for entry in entries:
        if entry["fault"] is None and entry["answered"] is not None:
            headers = {name.lower(): value for name, value in entry["headers"]}
            yield Seen(
                entry["fake"],
                entry["method"],
                entry["path"],
                entry["operation"],
                _bears(headers.get("authorization")),
                _json(entry["body"]),
                tuple(entry["problems"]),
                entry["answered"],
                _json(entry["response"]),
            )


def seen_in_record(record: RunRecord) -> Iterator[Seen]:
    """Read what the scenarios of a run saw, one after the other."""
    for recording in Recordings.of(record.lines("scene")).by_name.values():
        for call in recording.calls:
            if call.fake in SIDES and call.fault is None and call.answered is not None:
                yield Seen(
                    call.fake,
                    call.method,
                    call.path,
                    call.operation,
                    _bears(call.authorization),
                    _parsed(call.body),
                    call.problems,
                    call.answered,
                    _parsed(call.answer),
                )


def _bears(authorization: str | None) -> bool:
    return (authorization or "").lower().startswith("bearer ")


def _json(body: Any) -> Any:
    return body.get("json") if isinstance(body, Mapping) else None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
