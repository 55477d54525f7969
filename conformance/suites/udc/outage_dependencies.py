"""What /dependencies says while something that is listed there is away."""

from collections.abc import Iterator
from typing import Final

from udckit.conformance import NotObserved, quote, verifies
from udckit.conformance.scenario import Look, Recording, hold, is_up, listed
from udckit.conformance.suites.udc import _outages as outages

_KINDS: Final = ("database", "redis")
_SOON: Final = 75.0


@verifies("UDC-DEPS-003")
def what_it_cannot_do_without_is_listed(recording: Recording) -> None:
    """A dependency whose outage makes /health unhealthy stands in required_services."""
    judged = False
    for kind, part in _parts(recording):
        if not any(outages.word(each) == "unhealthy" for each in part.named(outages.HEALTH)):
            continue
        for look in _lists(part)[-1:]:
            judged = True
            hold(
                recording,
                look,
                bool(listed(look, kind, ("required_services",))),
                expected=f"its {kind} in required_services: without it /health says unhealthy",
                observed=f"required_services {quote(look.member('required_services'))}",
            )
    if not judged:
        raise NotObserved("nothing made it unhealthy", blocked_by="UDC-HEALTH-011")


@verifies("UDC-DEPS-004")
def a_listed_status_is_true(recording: Recording) -> None:
    """An item that the kit took away stops saying that it is up, within 120 s."""
    judged = False
    for kind, part in _parts(recording):
        outages.outlived(part, kind)
        for look in _lists(part)[-1:]:
            for item in listed(look, kind):
                judged = True
                hold(
                    recording,
                    look,
                    not is_up(item),
                    expected=f"another word than connected within {outages.WITHIN:.0f} s, for its "
                    f"{kind} is away",
                    observed=f"{quote(item.get('name'))} is {quote(item.get('status'))} [{look}]",
                )
    if not judged:
        raise NotObserved("it lists nothing that the kit could take away")


@verifies("UDC-DEPS-005")
def a_change_shows_within_a_minute(recording: Recording) -> None:
    """What goes or comes back is seen in /dependencies within 60 s, and 15 s of slack."""
    judged = False
    for kind, part in _parts(recording):
        outages.outlived(part, kind)
        after = outages.back(recording, kind)
        for phase, up in ((part, False), (after, True)):
            looks = [look for look in _lists(phase) if listed(look, kind)]
            began = phase.notes[0].at if phase.notes else 0.0
            changed = next((each for each in looks if _all(each, kind, up=up)), None)
            if not looks:
                continue
            judged = True
            hold(
                recording,
                changed or looks[-1],
                changed is not None and changed.at - began <= _SOON,
                expected=f"the {kind} {'up' if up else 'down'} in /dependencies within 75 s",
                observed=f"after {changed.at - began:.0f} s"
                if changed is not None
                else f"not in {looks[-1].at - began:.0f} s",
            )
    if not judged:
        raise NotObserved("it lists nothing that the kit could take away")


def _all(look: Look, kind: str, *, up: bool) -> bool:
    return all(is_up(item) is up for item in listed(look, kind))


def _lists(part: Recording) -> list[Look]:
    return [each for each in part.named(outages.DEPENDENCIES) if each.status == outages.OK]


def _parts(recording: Recording) -> Iterator[tuple[str, Recording]]:
    """Give the outages that were played; raise NotObserved where there was none."""
    missing = None
    found = 0
    for kind in _KINDS:
        try:
            part = outages.away(recording, kind)
        except NotObserved as nothing:
            missing = missing or nothing
            continue
        found += 1
        yield kind, part
    if not found and missing is not None:
        raise missing
