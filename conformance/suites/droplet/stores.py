"""A database that comes back, and a cache that may be away."""

from typing import Final

from udckit.conformance import NotObserved, verifies
from udckit.conformance.scenario import Look, Recording, hold, played
from udckit.conformance.suites.udc import _outages as outages

_MOST: Final = 20
_BROKEN: Final = 500


@verifies("OPS-ENV-004")
def the_settings_of_stores_are_used(recording: Recording | None) -> None:
    """A connection reaches the kit's proxy, which DATABASE_URL, REDIS_HOST and REDIS_PORT name."""
    if recording is None:
        raise NotObserved("no database and no Redis was declared: see [dependencies] in --init")
    for kind in ("database", "redis"):
        struck = (played(recording).note(f"{kind} {how}") for how in ("cut", "hang"))
        notes = [each for each in struck if each is not None and not each.detail.get("file")]
        if notes:
            hold(
                recording,
                notes[-1],
                any(int(each.detail.get("taken", 0)) > 0 for each in notes),
                expected=f"a connection to the {kind} that its environment names",
                observed="none came",
            )


@verifies("OPS-DB-001")
def a_lost_connection_is_replaced(recording: Recording) -> None:
    """Once the database is back, it is well again without a restart, and answers no 5xx."""
    after = outages.back(recording, "database")
    outages.outlived(outages.away(recording, "database"), "database")
    looks = after.named(outages.HEALTH)
    well = next((each for each in looks if outages.word(each) == "healthy"), None)
    if not looks:
        raise NotObserved("nothing was asked afterwards")

    hold(
        recording,
        well or looks[-1],
        well is not None and not after.exits,
        expected=f"healthy within {outages.WITHIN:.0f} s of the database being back",
        observed=f"{looks[-1].outcome} {looks[-1].at - looks[0].at:.0f} s later",
    )
    for look in after.looks:
        if well is not None and look.at > well.at:
            _serves(recording, look, "once the database is back")


@verifies("OPS-DB-002")
def connections_are_bounded(recording: Recording) -> None:
    """It has twenty connections to its database at most."""
    away = outages.away(recording, "database")
    cut = away.note("database cut")
    if cut is None or cut.detail.get("file"):
        raise NotObserved("no database was declared that is reached over a network")

    peak = int(cut.detail.get("peak", 0))
    hold(
        recording,
        cut,
        peak <= _MOST,
        expected=f"{_MOST} connections to the database at most",
        observed=f"{peak} at once",
    )


@verifies("OPS-CACHE-001")
def without_redis_everything_answers(recording: Recording) -> None:
    """While Redis is away no UDC endpoint answers 5xx, and none is silent."""
    for part in (outages.away(recording, "redis"), outages.hung(recording, "redis")):
        for look in part.looks:
            if look.path != "/health" and look.at < (part.at("database hang") or part.end + 1.0):
                _serves(recording, look, "while Redis is away")


def _serves(recording: Recording, look: Look, when: str) -> None:
    hold(
        recording,
        look,
        look.status is not None and look.status < _BROKEN,
        expected=f"an answer below 500 {when}",
        observed=f"{look.outcome}, {look}",
    )
