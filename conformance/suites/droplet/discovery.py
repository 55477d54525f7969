"""Finding peers: by name, at the Registry, remembered for a while and not for ever."""

from typing import Final
from urllib.parse import quote, unquote

from udckit.conformance import NotApplicable, NotObserved, verifies
from udckit.conformance import quote as shown
from udckit.conformance.scenario import (
    Call,
    Pulled,
    Recording,
    given,
    hold,
    pulled,
    pulled_once,
    pulled_well,
)

_BY_NAME: Final = "/services/by-name/"
_CALLS: Final = "call"
_TOO_SOON: Final = 1.0
_WORKED: Final = "the trigger did not work twenty times in a row"


def _calls(recording: Recording) -> list[Pulled]:
    return [*pulled(recording, "first call"), *pulled_well(recording, _CALLS, _WORKED)]


@verifies("DISC-001")
def peers_are_looked_up_by_name(recording: Recording) -> None:
    """A peer that is called was looked up at /services/by-name/{name} before, with a token."""
    first = pulled(recording, "first call", counts=False)
    issued = {each.token for each in given(recording)}
    for call in [call for each in first for call in each.look_ups]:
        hold(
            recording,
            call,
            call.token in issued,
            expected="a look-up with the token of its registration",
            observed=f"{call} has Authorization {shown(call.authorization or 'none')}",
        )
    calls = _calls(recording)
    asked = [call for each in calls for call in each.look_ups]
    named = [call for call in asked if unquote(call.path) == _BY_NAME + calls[0].peer]

    for each in calls:
        for call in each.to_peer:
            hold(
                recording,
                call,
                any(one.at <= call.at for one in named),
                expected=f"GET {_BY_NAME}{calls[0].peer} before the peer is called",
                observed=f"{call} without a look-up" if not asked else f"{asked[0]} instead",
            )


@verifies("DISC-002")
def the_peer_is_called_where_it_is(recording: Recording) -> None:
    """The peer is called at the host and port that the look-up gave."""
    calls = _calls(recording)
    if not any(each.look_ups for each in calls):
        raise NotObserved("nobody was looked up", blocked_by="DISC-001")
    came = [call for each in calls for call in each.to_peer]
    host = f"127.0.0.1:{_port(recording)}"

    hold(
        recording,
        came[0] if came else calls[0].look,
        bool(came),
        expected=f"a call at {host}, as the look-up said",
        observed="none came there",
    )


def _port(recording: Recording) -> object:
    found = [call for call in recording.calls if call.operation == "getServiceByName"]
    return found[-1].given("port") if found else "its port"


@verifies("DISC-003")
def endpoints_are_remembered(recording: Recording) -> None:
    """Twenty calls in a row cause fewer than twenty look-ups."""
    calls = pulled_well(recording, _CALLS, _WORKED)
    look_ups = [call for each in calls for call in each.look_ups]
    if not look_ups and not any(each.look_ups for each in pulled(recording, "first call")):
        raise NotObserved("nobody was looked up", blocked_by="DISC-001")

    for each in calls:
        hold(
            recording,
            each.look,
            len(look_ups) < len(calls),
            expected=f"fewer than {len(calls)} look-ups over {len(calls)} calls",
            observed=f"{len(look_ups)} look-ups",
        )


@verifies("DISC-009")
def names_are_encoded(recording: Recording) -> None:
    """A name with a space, a question mark and a hash stays one segment of the path."""
    found = pulled(recording, "odd name")
    asked = [call for each in found for call in each.calls if call.path.startswith("/services/")]
    if not asked:
        raise NotObserved("the trigger takes no name of a peer, or it was refused")
    wanted = _BY_NAME + quote(found[0].peer, safe="")

    for call in asked:
        hold(
            recording,
            call,
            call.path.startswith(_BY_NAME)
            and "/" not in call.path.removeprefix(_BY_NAME)
            and not call.query
            and unquote(call.path.removeprefix(_BY_NAME)) == found[0].peer,
            expected=f"GET {wanted}",
            observed=f"{call.method} {call.path}" + (f"?{call.query}" if call.query else ""),
        )


@verifies("DISC-010")
def work_goes_through_the_orchestrator(recording: Recording) -> None:
    """Work is given to POST /tasks, and asked after no more often than once a second."""
    pulled(recording, _CALLS)
    tasks = [call for call in recording.calls if call.operation == "postTask"]
    if not tasks:
        raise NotObserved("no trigger made it give work away: one that does would show it")
    looks = [call for call in recording.calls if call.operation == "getTask"]

    hold(recording, tasks[0], True, expected="POST /tasks at the Orchestrator")
    for before, after in _pairs(looks):
        hold(
            recording,
            after,
            after.at - before.at >= _TOO_SOON * 0.9,
            expected="a second or more between two looks at a task",
            observed=f"{after.at - before.at:.2f} s",
        )


def _pairs(looks: list[Call]) -> list[tuple[Call, Call]]:
    """Give each look at a task with the next one at the same."""
    return [
        (before, after)
        for number, before in enumerate(looks)
        for after in looks[number + 1 : number + 2]
        if after.path == before.path
    ]


@verifies("UDC-CB-001")
def it_serves_the_address_that_it_gives(recording: Recording) -> None:
    """A reply_to of its own is served: POST with a token is answered 200, `received: true`."""
    pulled_once(recording, "first call")
    if not recording.named("own callback"):
        raise NotApplicable("it sent no message with a reply_to of its own")

    for look in recording.named("own callback"):
        hold(
            recording,
            look,
            look.status == 200 and look.member("received") is True,  # noqa: PLR2004 - OK
            expected='200 and {"received": true}',
            observed=f"{look.outcome}, received is {shown(look.member('received'))}",
        )
    for look in recording.named("own callback, no token"):
        hold(
            recording,
            look,
            look.status == 401,  # noqa: PLR2004 - Unauthorized
            expected="401 without a token",
            observed=look.outcome,
        )
