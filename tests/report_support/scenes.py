"""Lines of a scenario, made by hand: what a droplet sent to the kit's fakes, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from udckit.conformance.redaction import TokenFacts
from udckit.conformance.scenario import Call, Noted, Recording

__all__ = ["call", "scene"]


def call(
    at: float,
    method: str,
    path: str,
    *,
    fake: str = "orchestrator",
    operation: str | None = None,
    body: str = "{}",
    answered: int = 200,
    ref: str = "t1",
) -> Call:
    """Give one call with the Bearer token of that reference, as a recording keeps it."""
    return Call(
        n=int(at),
        at=at,
        fake=fake,
        method=method,
        path=path,
        query="",
        headers=(("authorization", f"Bearer <token:{ref}>"),),
        body=body,
        operation=operation,
        problems=(),
        answered=answered,
        answer="{}",
        fault=None,
        released=None,
    )


def scene(
    calls: Iterable[Call], *, token: Mapping[str, Any] | None = None, name: str = "calm"
) -> list[dict[str, Any]]:
    """Give the lines of one scenario; `token` are the header and the claims of <token:t1>."""
    made = tuple(calls)
    facts = {"header": {"alg": "RS256"}, "claims": {}, **(token or {})}
    known = TokenFacts("t1", facts["header"], facts["claims"], "registry", None)
    recording = Recording(
        scenario=name,
        clock="real time",
        began=0.0,
        calls=made,
        notes=(Noted(0, max(each.at for each in made) + 5.0, "stop", {}),),
        tokens={"<token:t1>": known},
    )
    return list(recording.as_lines())
