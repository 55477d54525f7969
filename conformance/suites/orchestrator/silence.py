"""How an Orchestrator tells the dead from the living: by 180 seconds of silence."""

from udckit.conformance import Probe, expect, verifies
from udckit.conformance.suites.orchestrator._life import STILL_ALIVE, SURELY_DEAD, oracle
from udckit.conformance.suites.orchestrator._worker import lives, worker

SILENT = "udckit-silent"
ABILITY = "udckit-silence"


@verifies("ORCH-HB-007", order=30)
def the_silent_are_dead_until_they_beat(service: Probe) -> None:
    """Silent for 180 s a droplet is told as dead, not sooner, and as alive after its next beat."""
    hired = worker(service, SILENT, ABILITY)
    told = oracle(service, hired, ABILITY)
    last = lives(service, hired)
    _, alive = told.tell()

    service.wait_since(last, STILL_ALIVE)
    early, words = told.tell()
    expect(early).holds(
        words == alive,
        expected=f"a droplet that lives after {STILL_ALIVE:g} s of silence: {', '.join(alive)}",
        observed=", ".join(words),
    )
    service.wait_since(last, SURELY_DEAD)
    late, words = told.tell()
    expect(late).holds(
        words != alive,
        expected=f"a droplet that is dead after {SURELY_DEAD:g} s of silence",
        observed=", ".join(words),
    )
    lives(service, hired)
    again, words = told.tell()
    expect(again).holds(
        words == alive,
        expected=f"a droplet that lives again after a beat: {', '.join(alive)}",
        observed=", ".join(words),
    )
