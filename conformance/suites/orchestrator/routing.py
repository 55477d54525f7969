"""Where tasks go: to a droplet that is capable and alive, and its result back to who asked."""

from __future__ import annotations

from urllib.parse import quote as percent
from urllib.parse import urlsplit

from udckit.conformance import Ask, NotObserved, Observation, Probe, expect, quote, verifies
from udckit.conformance.suites.orchestrator._worker import (
    WITHIN,
    WORKER,
    assignments,
    give_work,
    worker,
)

ASSIGNED = "udckit-assigned"
ANSWERED = "udckit-answered"
OUTCOME = "udckit-outcome"
POLLS = 10


@verifies("ORCH-TASK-007")
def a_task_is_handed_to_a_capable_droplet(service: Probe) -> None:
    """A task comes to a registered droplet that is capable of it, with the Orchestrator's token."""
    worker(service)
    made = give_work(service, ASSIGNED)
    came = assignments(service, ASSIGNED)

    expect(made).holds(
        bool(came),
        expected=f"a message to the capable droplet within {WITHIN:g} s",
        observed="none came",
    )
    call, message = came[-1]
    kind = message.get("message_type")
    expect(made).holds(
        kind == "task_assignment",
        expected="`message_type` task_assignment",
        observed=f"`message_type` {quote(kind)}",
    )
    facts = service.token_of(call.token)
    expect(made).holds(
        facts is not None and facts.signed_by == "authority",
        expected="a message with a Bearer token of the Registry's",
        observed="a message with another token" if facts is not None else "a message without one",
    )


@verifies("ORCH-TASK-009")
def a_result_comes_back_to_who_asked(service: Probe) -> None:
    """What the droplet calls back with is shown by GET /tasks/{task_id}."""
    hired = worker(service)
    made = give_work(service, ANSWERED)
    came = assignments(service, ANSWERED)
    if not came:
        raise NotObserved("the task was handed to nobody", blocked_by="ORCH-TASK-007")
    _, message = came[-1]
    call = Ask(
        "POST",
        _advertised(service, message.get("reply_to")),
        hired.token,
        {
            "message_id": "udckit-1",
            "status": "completed",
            "result": {"text": OUTCOME},
            "from_service": WORKER,
        },
    )
    answer = service.send(call)

    expect(answer).holds(
        answer.status in range(200, 300), expected="a callback that is taken with a 2xx"
    )
    shown = _last_shown(service, f"/tasks/{percent(str(made.member('task_id')), safe='')}")
    expect(shown).holds(
        OUTCOME in shown.text, expected=f"the result that was called back, {quote(OUTCOME)}"
    )


def _advertised(service: Probe, reply_to: object) -> str:
    """Note the path of a `reply_to`: that it was given is what allows the kit to POST there."""
    path = urlsplit(reply_to).path if isinstance(reply_to, str) else ""
    if not isinstance(reply_to, str) or not path.startswith("/"):
        raise NotObserved(f"the assignment says of no reply_to where the result goes: {reply_to!r}")
    service.standing.advertised.add(path)
    return f"{path}?{urlsplit(reply_to).query}".rstrip("?")


def _last_shown(service: Probe, path: str) -> Observation:
    """Ask until the result is there, or a while is over."""
    seen = service.get(path)
    for _ in range(POLLS):
        if OUTCOME in seen.text:
            break
        service.wait(1.0)
        seen = service.get(path)
    return seen
