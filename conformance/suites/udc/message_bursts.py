"""POST /message, many at once: each is answered, each has an id of its own."""

from http import HTTPStatus
from typing import Final

from udckit.conformance import NotObserved, Observation, Probe, expect, quote, verifies
from udckit.conformance.suites.udc._ground import accepted, query, receipt, whoever_we_are

_MANY: Final = 50
_CONCURRENT: Final = 24
_ALLOWED_IN_TWO_SECONDS: Final = 2


@verifies("UDC-MSG-008", order=20)
def message_ids_differ(service: Probe) -> None:
    """Each accepted message gets a message_id of its own, also within one second."""
    first = accepted(service, query(service))
    known = {quote(expect(first).proper("message_id")): first}

    for seen in _burst(service, _MANY):
        if seen.status != HTTPStatus.OK:
            continue
        number = quote(expect(seen).proper("message_id"))
        expect(seen).holds(
            number not in known,
            expected="a `message_id` that no other message got",
            observed=f"{number} for a second time",
        )
        known[number] = seen
    if len(known) == 1:
        raise NotObserved("no further message was accepted")


@verifies("UDC-MSG-017", order=20)
def concurrent_messages_are_all_answered(service: Probe) -> None:
    """Two dozen messages at the same time are each answered."""
    accepted(service, query(service))

    for seen in _burst(service, _CONCURRENT):
        if seen.status == HTTPStatus.SERVICE_UNAVAILABLE and _is_a_limit(service):
            raise NotObserved("503 at speed and none alone: a rate limit that is said so")
        expect(seen).status(200)


def _burst(service: Probe, wanted: int) -> list[Observation]:
    """Send messages at once, as many as the allowed rate leaves to a burst."""
    rate = service.settings.rate
    number = wanted if rate is None else min(wanted, max(2, int(rate * _ALLOWED_IN_TWO_SECONDS)))
    ask = service.a_message(token=whoever_we_are(service))
    return service.together([ask] * number)


def _is_a_limit(service: Probe) -> bool:
    """Ask alone what was refused in a burst, where a gateway may stand before the target."""
    launched = service.settings.reached in {"launch", "app"}
    return not launched and receipt(service).status == HTTPStatus.OK
