"""POST /tasks and GET /tasks/{task_id}: what is taken, and that it is found again."""

import re
from typing import Any
from urllib.parse import quote as percent

from udckit.conformance import (
    MISSING,
    VALID,
    Ask,
    NotObserved,
    Observation,
    Probe,
    expect,
    quote,
    verifies,
)
from udckit.conformance.suites.orchestrator._acts import (
    a_task,
    normal_task,
    refused_beside_twins,
    taken,
    task,
    task_id,
)

OWNER = "ORCH-TASK-001"
MISTYPED: dict[str, tuple[Any, ...]] = {
    "task_type": (MISSING, None, {}, []),
    "data": (MISSING, None, [], "abc"),
    "priority": ({}, []),
}
"""Values that no scalar coercion saves (CONF-46), and members that are missing."""

UNKNOWN_WORDS = ("urgent", "")
TASKS = 50
AT_ONCE = 20
POLITE = 10
SURELY_UNKNOWN = "udckit-no-such-task"
SERIAL = 6
FAR_SERIAL = "987654321"
OTHER_SIGNS = str.maketrans("0123456789abcdefABCDEF", "5678901234defabcDEFABC")
UUID = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UNKNOWN_UUID = "ffffffff-ffff-4fff-bfff-ffffffffffff"


@verifies("ORCH-TASK-001")
def a_valid_task_is_taken(service: Probe) -> None:
    """A valid task is answered 200, 201 or 202, with a task_id."""
    seen = task(service)

    expect(seen).accepted().gives("task_id")


@verifies("ORCH-TASK-013")
def each_task_has_an_id_of_its_own(service: Probe) -> None:
    """Of many tasks, some given at the same time, no two have the same task_id."""
    task_id(service)
    count = POLITE if service.settings.rate is not None else TASKS
    answers = service.together([a_task(service)] * min(AT_ONCE, count))
    answers += [service.send(a_task(service)) for _ in range(count - len(answers))]

    known: set[str] = set()
    for seen in answers:
        given = quote(taken(seen, owner=OWNER).member("task_id"))
        expect(seen).holds(
            given not in known, expected="a task_id that no other task has", observed=given
        )
        known.add(given)


@verifies("ORCH-TASK-003")
def an_invalid_task_is_refused(service: Probe) -> None:
    """A task with a member that is missing or mistyped is refused with 400 or 422."""
    asks = [
        a_task(service, **{name: value}) for name, values in MISTYPED.items() for value in values
    ]
    asks.append(Ask("POST", "/tasks", VALID, []))

    for seen in refused_beside_twins(service, asks, a_task(service), owner=OWNER):
        expect(seen).status(400, 422)


@verifies("ORCH-TASK-010")
def an_unknown_priority_is_refused(service: Probe) -> None:
    """A priority that nobody knows is refused with 400 or 422."""
    asks = [a_task(service, priority=word) for word in UNKNOWN_WORDS]

    for seen in refused_beside_twins(service, asks, a_task(service), owner=OWNER):
        expect(seen).status(400, 422)


@verifies("ORCH-TASK-004")
def the_priority_normal_is_accepted(service: Probe) -> None:
    """A task of priority `normal` is taken."""
    taken(task(service), owner=OWNER)
    seen = normal_task(service)

    expect(seen).accepted()


@verifies("ORCH-TASK-011")
def the_priority_may_be_absent(service: Probe) -> None:
    """A task without a priority is taken."""
    taken(task(service), owner=OWNER)
    seen = service.send(a_task(service, priority=MISSING))

    expect(seen).accepted()


@verifies("ORCH-TASK-005")
def a_task_is_found_at_once_and_later(service: Probe) -> None:
    """A task that was taken is found by its id, in the next request and afterwards."""
    earlier = service.read(f"/tasks/{percent(task_id(service), safe='')}")
    expect(earlier).status(200)
    made = taken(service.send(a_task(service)), owner=OWNER)
    seen = service.get(f"/tasks/{percent(str(made.member('task_id')), safe='')}")

    expect(seen).status(200)


@verifies("ORCH-TASK-012")
def a_task_says_which_it_is_and_how_it_stands(service: Probe) -> None:
    """The answer about a task is a JSON object with its task_id and a status."""
    given = task_id(service)
    seen = service.read(f"/tasks/{percent(given, safe='')}")
    if seen.status != 200:  # noqa: PLR2004 - OK
        raise NotObserved("a task is not found by its id", blocked_by="ORCH-TASK-005")

    expect(seen).holds(isinstance(seen.json, dict), expected="a JSON object")
    expect(seen).holds(seen.member("task_id") == given, expected=f"`task_id` {quote(given)}")
    expect(seen).holds(isinstance(seen.member("status"), str), expected="`status`, a string")


@verifies("ORCH-TASK-006")
def an_unknown_task_is_not_found(service: Probe) -> None:
    """An id that no task has is a 404; what cannot be an id may be refused otherwise."""
    given = task(service).member("task_id")
    if isinstance(given, str) and given:
        seen = _ask_for(service, _unknown(given))
        expect(seen).status(404)

    expect(_ask_for(service, SURELY_UNKNOWN)).status(400, 404, 422)
    expect(_ask_for(service, "../../udckit-no-such-file")).turned_down()


def _ask_for(service: Probe, given: str) -> Observation:
    return service.get(f"/tasks/{percent(given, safe='')}", token=VALID)


def _unknown(known: str) -> str:
    """Make an id that no task has, of the form that those of this Orchestrator have."""
    if UUID.fullmatch(known):
        return UNKNOWN_UUID
    digits = re.search(r"\d{1,9}$", known)
    if digits is not None and not known[: digits.start()][-1:].isalnum():
        return known[: digits.start()] + FAR_SERIAL
    return known[:-SERIAL] + known[-SERIAL:].translate(OTHER_SIGNS)
