"""Tasks and beats known to hurt, of a type and of an identity of the kit's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote as percent

from udckit.conformance.generated.bent import MISTYPED, bent
from udckit.conformance.generated.hurting import IDS, KEYS, VALUES, long
from udckit.conformance.generated.sending import Cases, a_beat, a_task, changed
from udckit.conformance.observation import MISSING
from udckit.conformance.probe import VALID, Ask, Probe
from udckit.specs import surface

__all__ = ["beats", "tasks"]

_OF_A_TASK: Final[Mapping[str, tuple[Any, ...]]] = {
    "task_type": (*MISTYPED, MISSING),
    "data": (*MISTYPED, MISSING),
    "priority": ({"word": "normal"}, ["normal"], "low", "high", "", "NORMAL", 1, None),
    **{key: ("udckit",) for key in KEYS if key},
}
_OF_A_BEAT: Final[Mapping[str, tuple[Any, ...]]] = {
    "status": (*MISTYPED, MISSING),
    "metrics": (*MISTYPED, MISSING),
    "service_id": (*MISTYPED, MISSING, 0, -1, 2**31, 2**53 + 1, 2**63, 1.5, ""),
    "service_name": ("", "udckit-somebody-else", {"name": "udckit"}, None, long(2000)),
    **{key: ("udckit",) for key in KEYS if key},
}


def tasks() -> Cases:
    """Give tasks; some are asked about, and about again."""
    yield from _followed(a_task(), looks=4)
    for member, values in _OF_A_TASK.items():
        for value in values:
            yield changed(a_task(), {member: value})
    for data in _data():
        yield a_task(data=data)
    for odd in ("ä", "two words", "💥", "%", "'", "a/b", "\0", long(300)):
        yield from _followed(a_task(task_type=f"udckit-{odd}"), looks=1)
    for _ in range(2):
        yield from _followed(a_task(data={"text": "twice"}), looks=3)
    for each in IDS:
        coded = each if each.startswith("%") else percent(each, safe="")
        yield Ask("GET", f"/tasks/{coded}", VALID)


def _data() -> list[dict[str, Any]]:
    examples = surface("orchestrator").operations["postTask"].request_examples
    return [
        *({key: "udckit"} for key in KEYS),
        *({"udckit": value} for value in VALUES),
        *(one for each in examples for one in bent({"udckit": each["data"], "text": "udckit"})),
    ]


def _followed(ask: Ask, *, looks: int) -> Cases:
    seen = yield ask
    given = seen.member("task_id")
    if isinstance(given, str) and given:
        for _ in range(looks):
            yield Ask("GET", f"/tasks/{percent(given, safe='')}", VALID)


def beats(service: Probe) -> Cases:
    """Beat, as what the token says, with figures and words that hurt."""
    plain = a_beat(service)
    for key in KEYS:
        yield changed(plain, {"metrics": {key: 1}})
    for value in VALUES:
        yield changed(plain, {"metrics": {"udckit": value}})
    for status in ("active", "inactive", "error", "active"):
        yield changed(plain, {"status": status, "metrics": {"cpu_percent": 0, "memory_mb": 512.5}})
    for member, values in _OF_A_BEAT.items():
        for value in values:
            yield changed(plain, {member: value})
