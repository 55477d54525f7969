"""POST /message: what a valid message is answered."""

from http import HTTPStatus
from typing import Final

from udckit.conformance import NotObserved, Probe, expect, verifies
from udckit.conformance.suites.udc._ground import (
    accepted,
    demands_reply_to,
    lets_nobody_in,
    query,
    query_with_reply_to,
    receipt,
)

_NOT_LET_IN: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


@verifies("UDC-MSG-002")
def a_valid_message_is_acknowledged(service: Probe) -> None:
    """A valid message is answered 200, with received true, a message_id and a status."""
    seen = query(service)
    if seen.status in _NOT_LET_IN or lets_nobody_in(service):
        raise NotObserved(f"{seen.call} answered {seen.status}", blocked_by="AUTH-001")
    if demands_reply_to(service, seen):
        seen = query_with_reply_to(service)

    expect(seen).if_served().status(200).members("received", "message_id", "status")


@verifies("UDC-MSG-003")
def three_types_are_accepted(service: Probe) -> None:
    """A query, a status update and a task assignment are each accepted with an empty payload."""
    first = accepted(service, query(service))
    expect(first).status(200)
    for message_type in ("status_update", "task_assignment"):
        seen = receipt(service, message_type=message_type)
        expect(seen).status(200).holds(
            first.member("received") is not True or seen.member("received") is True,
            expected=f"`received` true to a {message_type}, as to a query",
        )


@verifies("UDC-MSG-004")
def reply_to_may_be_absent(service: Probe) -> None:
    """A message without reply_to is accepted."""
    seen = query(service)

    expect(seen).if_served().holds(
        not demands_reply_to(service, seen), expected="status 200, as it is with `reply_to`"
    )
    accepted(service, seen)


@verifies("UDC-MSG-018")
def reply_to_null_is_like_absent(service: Probe) -> None:
    """A message whose reply_to is null is accepted as one without it."""
    accepted(service, query(service))

    expect(receipt(service, reply_to=None)).status(200)
