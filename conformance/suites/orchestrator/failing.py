"""What becomes of tasks when droplets fail: none is lost, and none goes to the dead."""

from __future__ import annotations

from urllib.parse import quote as percent

from udckit.conformance import NotObserved, Observation, Probe, expect, verifies
from udckit.conformance.heard import Sender
from udckit.conformance.suites.orchestrator._life import SURELY_DEAD
from udckit.conformance.suites.orchestrator._worker import (
    WITHIN,
    WORKER,
    assignments,
    first_beat,
    give_work,
    worker,
)
from udckit.conformance.suites.orchestrator.routing import ASSIGNED

BROKEN = "udckit-broken"
RELIEF = "udckit-relief"
SPARE = "udckit-spare"
ERRAND = "udckit-errand"
"""What the broken worker and its relief are capable of."""

TASKS = 3
AFTER_DEATH = 4
"""Tasks given: more than there are workers, so that who takes turns reaches each."""


@verifies("ORCH-TASK-008", order=40)
def no_task_goes_to_the_dead_or_is_lost_with_the_broken(service: Probe) -> None:
    """A task that a droplet fails at is still there, others go on, and the dead are given none."""
    hired = worker(service)
    _loses_none_to_a_droplet_that_fails(service)
    _gives_none_to_the_dead(service, hired)


def _loses_none_to_a_droplet_that_fails(service: Probe) -> None:
    worker(service, BROKEN, ERRAND, fails=True)
    given = [give_work(service, f"{ERRAND}-0", ERRAND)]
    if not assignments(service, f"{ERRAND}-0", to=BROKEN):
        raise NotObserved("no task came to the droplet that fails", blocked_by="ORCH-TASK-007")
    _is_still_there(service, given[0])
    worker(service, RELIEF, ERRAND)
    for number in range(1, TASKS + 1):
        given.append(give_work(service, f"{ERRAND}-{number}", ERRAND))
        if assignments(service, ERRAND, to=RELIEF, within=WITHIN / TASKS):
            break

    expect(given[-1]).holds(
        bool(assignments(service, ERRAND, to=RELIEF, within=0)),
        expected=f"a task for the droplet beside one that answers 500, within {WITHIN:g} s",
        observed=f"{len(given)} tasks, of which none came to it",
    )
    for made in given:
        _is_still_there(service, made)


def _is_still_there(service: Probe, made: Observation) -> None:
    task = str(made.member("task_id"))
    seen = service.get(f"/tasks/{percent(task, safe='')}")
    expect(seen).status(200)


def _gives_none_to_the_dead(service: Probe, hired: Sender) -> None:
    if not assignments(service, ASSIGNED, within=0):
        raise NotObserved("no task came to the droplet while it lived", blocked_by="ORCH-TASK-007")
    beat = first_beat(service, hired)
    service.wait_since(beat, SURELY_DEAD)
    worker(service, SPARE)
    # Tasks of an earlier run may have come to this worker while it lived: these are this run's.
    marks = [f"udckit-after-death-{beat.at:.0f}-{number}" for number in range(AFTER_DEATH)]
    for mark in marks:
        made = give_work(service, mark)
        if not assignments(service, mark, to=SPARE):
            break

    went_astray = [mark for mark in marks if assignments(service, mark, to=WORKER, within=0)]
    expect(made).holds(
        not went_astray,
        expected=f"no task for a droplet that has been silent for {SURELY_DEAD:g} s",
        observed=f"a message to {WORKER}, beside a droplet that lives",
    )
    if not assignments(service, marks[0], to=SPARE, within=0):
        raise NotObserved("no task came to the droplet that lives", blocked_by="ORCH-TASK-007")
