"""Who may beat and give tasks: nobody without a token that holds."""

from urllib.parse import quote as percent

from udckit.conformance import VALID, Ask, Probe, expect, verifies
from udckit.conformance.battery import shown
from udckit.conformance.doors import Door
from udckit.conformance.forge import Recipe, recipes_for
from udckit.conformance.suites.orchestrator._acts import (
    a_beat,
    a_task,
    beat,
    taken,
    task_id,
)

REFUSED = ("AUTH-002", "AUTH-003", "AUTH-006", "AUTH-007", "AUTH-008", "AUTH-009")
"""The rows whose critical tokens are shown: none, no scheme, garbage, forged, tampered, expired."""


@verifies("ORCH-HB-002")
def a_beat_wants_a_token(service: Probe) -> None:
    """A beat without a token that holds is refused with 401."""
    taken(beat(service), owner="ORCH-HB-001")
    door = Door("POST /heartbeat", a_beat)

    for seen in shown(service, door, _recipes(service)):
        expect(seen).refused()


@verifies("ORCH-TASK-002")
def tasks_want_a_token(service: Probe) -> None:
    """Without a token that holds, nobody gives a task or sees one."""
    path = f"/tasks/{percent(task_id(service), safe='')}"
    doors = (
        Door("POST /tasks", a_task),
        Door("GET /tasks/{task_id}", lambda _: Ask("GET", path, VALID)),
    )

    for door in doors:
        for seen in shown(service, door, _recipes(service)):
            expect(seen).refused()


def _recipes(service: Probe) -> list[Recipe]:
    return [
        recipe
        for row in REFUSED
        for recipe in recipes_for(row)
        if recipe.critical and recipe.needs <= service.can
    ]
