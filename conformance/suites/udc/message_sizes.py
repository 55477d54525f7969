"""POST /message: what is large but sane, and what is over-large."""

from http import HTTPStatus
from typing import Any, Final

from udckit.conformance import MISSING, Probe, expect, verifies
from udckit.conformance.suites.udc._ground import accepted, message_with, query, receipt

_KILOBYTES: Final = 64 * 1024
_MEGABYTES: Final = 10 * 1024 * 1024
_SANE_DEPTH: Final = 20
_RECEIPT: Final = ("received", "message_id", "status")
_ABSURD_DEPTH: Final = 10_000
_LAUNCHED: Final = frozenset({"launch", "app"})
_CLOSED: Final = frozenset({"reset", "protocol"})
_CLIENT_ERROR: Final = 4


def _nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth - 1):
        value = {"in": value}
    return value


_SANE: Final[tuple[tuple[str, Any], ...]] = (
    ("64 KB of text", {"text": "x" * _KILOBYTES}),
    (f"{_SANE_DEPTH} levels", _nested(_SANE_DEPTH)),
    ("text in many scripts", {"text": "Grüße, 世界, שלום, 🌍 e\u0301"}),
    ("large integers", {"n": [2**53 + 1, 2**63, 10**30]}),
)

_ODD: Final = (
    (f"{_ABSURD_DEPTH} levels", b'{"a":' * _ABSURD_DEPTH + b"1" + b"}" * _ABSURD_DEPTH),
    ("a lone surrogate", rb'{"text":"\ud800"}'),
    ("a member that is there twice", b'{"a":1,"a":2}'),
)


@verifies("UDC-MSG-016")
def large_messages_are_handled(service: Probe) -> None:
    """What is large but sane is accepted; what is over-large is refused with a 4xx."""
    usual = expect(accepted(service, query(service))).body()

    for what, payload in _SANE:
        seen = receipt(service, payload=payload)
        expect(seen).asked().holds(seen.status == HTTPStatus.OK, expected=f"status 200 to {what}")
        missing = [name for name in _RECEIPT if name in usual and seen.member(name) is MISSING]
        expect(seen).holds(
            not missing, expected=f"a receipt with `{'`, `'.join(missing)}` to {what}"
        )
    for what, written in _ODD:
        seen = service.send(message_with(service, written))
        fine = seen.status == HTTPStatus.OK or _is_a_refusal(seen.status)
        expect(seen).asked().holds(fine, expected=f"status 200 or a 4xx to {what}")
    if service.settings.is_local or service.settings.reached in _LAUNCHED:
        seen = service.send(message_with(service, b'{"text":"%b"}' % (b"x" * _MEGABYTES)))
        expect(seen).asked().holds(
            _is_a_refusal(seen.status) or seen.exchange.trouble in _CLOSED,
            expected="a 4xx, or an early close, to a message of 10 MB",
        )


def _is_a_refusal(status: int | None) -> bool:
    return status is not None and status // 100 == _CLIENT_ERROR
