"""By a faster clock a busy machine looks like a stall; one that comes with every beat is one."""

from dataclasses import replace

import pytest

from udckit.conformance import Violation
from udckit.conformance.scenario import Call, Look, Noted, Recording
from udckit.conformance.suites.udc.integration_running import health_does_not_stall_beside_a_beat


def _call(n: int, at: float, operation: str, fake: str) -> Call:
    token = (("authorization", "Bearer <token:1>"),)
    answer = '{"token": "<token:1>", "service_id": 7}'
    return Call(
        *(n, at, fake, "POST", "/x", "", token, "{}", operation, (), 201, answer, None, None)
    )


def _recording(clock: str, *stalls: float) -> Recording:
    looks = tuple(
        Look(
            *(n, float(n), "watched /health", "GET", "/health"),
            *(2.0 if float(n) in stalls else 0.1, 200, "{}", None),
        )
        for n in range(1, 131)
    )
    calls = (
        _call(1, 0.5, "registerService", "registry"),
        *(_call(n, 60.0 * n, "postHeartbeat", "orchestrator") for n in (1, 2)),
    )
    notes = (Noted(1, 0.9, "sampled", {}), Noted(2, 131.0, "third beat", {}))
    return Recording("calm", clock, 0.0, calls=calls, looks=looks, notes=notes)


@pytest.mark.parametrize(
    ("clock", "stalls", "fails"),
    [
        ("real", (90.0,), True),
        ("real", (), False),
        ("by hand", (90.0,), True),
        ("x20", (90.0,), False),
        ("x20", (59.0, 90.0), False),
        ("x20", (59.0, 121.0), True),
    ],
)
def test_stall_counts(clock: str, stalls: tuple[float, ...], fails: bool) -> None:
    recording = replace(_recording(clock, *stalls))
    if not fails:
        health_does_not_stall_beside_a_beat(recording)
        return
    with pytest.raises(Violation):
        health_does_not_stall_beside_a_beat(recording)
