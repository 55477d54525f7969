"""POST /message: who may send, in whose name, and where the outcome may be asked for."""

from collections.abc import Iterator
from typing import Final

from udckit.conformance import (
    Ask,
    Door,
    NotObserved,
    Observation,
    Probe,
    bracketed,
    dressed,
    expect,
    verifies,
)
from udckit.conformance.calls import PEER, address, peer
from udckit.conformance.forge import recipe

_UNUSUAL: Final = "udckit-quokka-7"
_SOMEBODY_ELSE: Final = "udckit-somebody-else"
_STRAY: Final = "udckit-stray"
_SOON: Final = 1.0
"""Seconds in which a call that must not come would come."""

_LONG: Final = 100_000
_METADATA: Final = "reply_to a metadata address"
_LAUNCHED: Final = frozenset({"launch", "app"})

MESSAGES: Final = Door("POST /message", lambda service: service.a_message())


@verifies("UDC-MSG-001", order=4)
def a_message_needs_a_token(service: Probe) -> None:
    """A message without a token is answered 401, and nothing comes of it."""
    mark = "/udckit/callback/anonymous"
    asking = service.a_message(reply_to=address(service, mark))
    asks = [
        (what, dressed(service, ask, recipe("anonymous")))
        for what, ask in (
            ("an anonymous message", service.a_message()),
            ("an anonymous message with reply_to", asking),
        )
    ]
    last: Observation | None = None
    for _, seen in bracketed(service, MESSAGES, asks):
        expect(seen).status(401)
        last = seen

    if last is not None and peer(service) is not None:
        calls = service.heard(PEER, mark, within=_SOON)
        expect(last).holds(
            not calls,
            expected="no callback for a message that was refused",
            observed=f"{calls[0].method} {calls[0].target} came to the kit's peer" if calls else "",
        )


@verifies("UDC-MSG-005")
def any_registered_service_may_send(service: Probe) -> None:
    """A message of a registered service without capabilities is accepted."""
    sender = service.sender(_UNUSUAL, capabilities=[])
    if sender is None:
        raise NotObserved(
            "no other service could be registered at the target's Registry: give --registry, or "
            "let the kit launch the droplet"
        )
    ask = service.a_message(token=sender.token, from_service=sender.name)
    for _, seen in bracketed(service, MESSAGES, [("a message of an unusual sender", ask)]):
        expect(seen).status(200)


@verifies("UDC-MSG-013")
def an_unusable_reply_to_harms_nobody(service: Probe) -> None:
    """A reply_to that cannot be used causes no 5xx, and is never called unless it is http(s)."""
    last: Observation | None = None
    for name, seen in bracketed(service, MESSAGES, _unusable(service)):
        if seen.exchange.trouble == "reset" and name == "reply_to of 100 KB":
            expect(seen).turned_down(or_closed=True)
        else:
            expect(seen).status_below(500)
        last = seen

    if last is not None and service.peer(_STRAY) is not None:
        calls = service.heard(_STRAY, "", within=_SOON)
        expect(last).holds(
            not calls,
            expected="no connection for a reply_to that is not http or https",
            observed="a connection came to the kit's peer",
        )


@verifies("UDC-MSG-020")
def an_unusable_reply_to_is_refused(service: Probe) -> None:
    """A reply_to that cannot be used is answered 400 or 422."""
    for name, seen in bracketed(service, MESSAGES, _unusable(service)):
        if name == "reply_to of 100 KB":
            expect(seen).turned_down(or_closed=True)
        elif name != _METADATA:
            expect(seen).status(400, 422)


def _unusable(service: Probe) -> Iterator[tuple[str, Ask]]:
    """Name messages whose reply_to nobody can call; where one could, the kit itself listens."""
    stray = (service.peer(_STRAY) or "http://udckit-peer.invalid").removeprefix("http://")
    values = {
        "reply_to a file": "file:///etc/passwd",
        "reply_to over gopher": f"gopher://{stray}/_udckit",
        "reply_to over ftp": f"ftp://{stray}/udckit",
        "reply_to over ldap": f"ldap://{stray}/udckit",
        "reply_to a script": "javascript:udckit",
        "a relative reply_to": "/udckit/callback",
        "an empty reply_to": "",
        "reply_to without a host": "http://",
        "reply_to with a password": "http://udckit:udckit@udckit-peer.invalid/callback",
        "reply_to with line ends": "http://udckit-peer.invalid/\r\nX-Udckit: 1\r\n\r\n",
        "reply_to with an impossible port": "http://udckit-peer.invalid:99999/callback",
        "reply_to with a broken address": "http://[::1/callback",
        "reply_to of 100 KB": "http://udckit-peer.invalid/" + "u" * _LONG,
    }
    if service.settings.reached in _LAUNCHED:
        values[_METADATA] = "http://169.254.169.254/latest/meta-data/"
    for name, value in values.items():
        yield name, service.a_message(reply_to=value)


@verifies("UDC-MSG-015")
def nobody_speaks_for_another(service: Probe) -> None:
    """A from_service that contradicts the token is answered 403."""
    ask = service.a_message(from_service=_SOMEBODY_ELSE)
    for _, seen in bracketed(service, MESSAGES, [("a message in another's name", ask)]):
        expect(seen).status(403, 400, 422)
