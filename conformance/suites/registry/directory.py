"""The directory: who is found by name, by number and in the list, and who is not."""

from typing import Any, Final

from udckit.conformance import MISSING, NotObserved, Probe, expect, quote, verifies
from udckit.conformance.suites.registry._acts import (
    PORT,
    by_name,
    found,
    in_directory,
    item_of,
    listed,
    listing,
    name_of,
    registered,
)

PAGING: Final = frozenset(
    {"next", "next_page", "page", "pages", "total", "offset", "cursor", "has_more", "next_cursor"}
)
UNKNOWN_BY: Final = 1_000_003
NO_NUMBERS: Final = ("-1", str(2**63), "abc")

STATUS_WORDS: Final = ("status", "health", "healthy", "alive", "last_seen", "heartbeat", "state")
NO_STATUS: Final = frozenset({"health_endpoint", "health_url", "health_path"})


@verifies("REG-SVC-001")
def a_registered_name_is_found(service: Probe) -> None:
    """A registered name gives the host, and the port that was registered."""
    seen = found(service)

    expect(seen).status(200).gives("host", "port")
    expect(seen).holds(
        seen.member("port") == PORT,
        expected=f"`port` {PORT}, as it was registered",
        observed=f"`port` {quote(seen.member('port'))}",
    )


@verifies("REG-SVC-002")
def an_unknown_name_is_not_found(service: Probe) -> None:
    """A name that nobody registered is a 404, however it is spelled."""
    in_directory(service)
    seen = service.get(by_name(name_of(service, "nobody")))

    expect(seen).status(404)
    expect(seen).holds(
        not seen.claims_json or isinstance(seen.json, dict),
        expected="an error that is a JSON object, where it says that it is JSON",
    )
    for name in ("udckit-niemand-ü-無", "udckit/nobody", "../health", "udckit-" + "n" * 4000):
        expect(service.get(by_name(name))).turned_down()
    expect(service.get(by_name(""))).status_below(500)
    shouted = service.get(by_name(name_of(service, "peer").upper()))
    if shouted.status != 200 or shouted.member("port") != PORT:  # noqa: PLR2004 - OK: names may be compared without case
        expect(shouted).turned_down()


@verifies("REG-SVC-004")
def a_service_is_found_by_its_number(service: Probe) -> None:
    """A known service_id gives the service, an unknown one 404, what is none 400, 404 or 422."""
    number = registered(service).member("service_id")
    if not isinstance(number, int):
        raise NotObserved("there is no service_id", blocked_by="REG-REGISTER-001")
    seen = service.read(f"/services/{number}")

    expect(seen).status(200)
    for member, value in (("service_id", number), ("name", name_of(service, "peer"))):
        shown = seen.member(member)
        expect(seen).holds(
            shown in (MISSING, None, value), expected=f"`{member}` {quote(value)}, as asked for"
        )
    expect(service.get(f"/services/{number + UNKNOWN_BY}")).status(404)
    for word in NO_NUMBERS:
        expect(service.get(f"/services/{word}")).status(400, 404, 422)


@verifies("REG-SVC-005")
def the_listing_holds_who_is_registered(service: Probe) -> None:
    """The listing is an array, or an object with an array `services`, and holds every service."""
    number = registered(service).member("service_id")
    seen = listing(service)

    expect(seen).status(200)
    items = listed(seen)
    expect(seen).holds(
        items is not None, expected="a JSON array, or an object with an array `services`"
    )
    name = name_of(service, "peer")
    is_there = item_of(items or [], name, number) is not MISSING
    if not is_there and isinstance(seen.json, dict) and PAGING & seen.json.keys():
        raise NotObserved("the listing comes in pages, and the registered service is on another")
    expect(seen).holds(is_there, expected=f"a listing that holds {quote(name)}")


@verifies("REG-HEALTH-001")
def the_health_of_a_service_is_visible(service: Probe) -> None:
    """Discovery shows some status of a service."""
    seen = in_directory(service)
    number = registered(service).member("service_id")
    items = listed(listing(service)) or []
    places: list[Any] = [seen.json, item_of(items, name_of(service, "peer"), number)]
    if isinstance(number, int):
        places.append(service.read(f"/services/{number}").json)

    expect(seen).holds(
        any(_shows_status(place) for place in places),
        expected="a member such as `status` in the object of a service",
    )


def _shows_status(place: Any) -> bool:
    return isinstance(place, dict) and any(
        value is not None and name not in NO_STATUS and any(word in name for word in STATUS_WORDS)
        for name, value in ((str(key).lower(), value) for key, value in place.items())
    )
