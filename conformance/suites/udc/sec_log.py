"""What a launched target writes: of refusals something, of tokens nothing."""

import re
from typing import Final

from udckit.conformance import NotObserved, Observation, Probe, expect, refused, verifies
from udckit.conformance.redaction import PASSWORD, PLACEHOLDER

_ENOUGH: Final = 20
"""Refusals after which a log that says other things should have said something."""

_LONG_ENOUGH: Final = 16
"""Characters of an Authorization value that no line holds by chance."""

_WRITTEN: Final = 0.3
"""Seconds in which a line reaches the kit."""

_UNAUTHORIZED: Final = 401


@verifies("SEC-011", order=96)
def the_log_tells_of_refusals_and_holds_no_token(service: Probe) -> None:
    """Refused tokens leave a trace in the log, and no token or password stands in it."""
    service.require("log")
    for seen in refused(service, "AUTH-002"):
        expect(seen).asked()
    service.wait(_WRITTEN)
    lines = service.log()
    if lines is None:
        raise NotObserved("the log cannot be read")
    exchanges = service.so_far()
    refusals = [seen for seen in exchanges if seen.status == _UNAUTHORIZED]
    if not refusals or not lines:
        raise NotObserved("nothing was refused, or nothing was written")
    last = refusals[-1]
    _holds_no_token(last, [line.text for line in lines], exchanges)
    if len(refusals) >= _ENOUGH:
        first = refusals[0].at
        told = any(first - 1 <= line.at for line in lines)
        expect(last).holds(
            told,
            expected=f"a line about one of {len(refusals)} refusals at least",
            observed=f"{len(lines)} lines, and none of them since the first refusal",
        )


def _holds_no_token(last: Observation, lines: list[str], exchanges: list[Observation]) -> None:
    """Look for tokens and Authorization values, once the URLs that the kit sent are taken out."""
    targets = {
        seen.exchange.request.target
        for seen in exchanges
        if PLACEHOLDER.search(seen.exchange.request.target)
    }
    values = {
        value
        for seen in exchanges
        for name, value in seen.exchange.request.headers
        if name.lower() == "authorization" and len(value) >= _LONG_ENOUGH
    }
    known = re.compile("|".join(re.escape(each) for each in sorted(values)) or r"(?!)")
    for line in lines:
        text = line
        for target in targets:
            text = text.replace(target, "")
        found = PLACEHOLDER.search(text) or known.search(text)
        at = f"the line {text[:160]!r}"
        expect(last).holds(found is None, expected="a log without tokens", observed=at)
        expect(last).holds(
            f":{PASSWORD}@" not in text, expected="a log without passwords", observed=at
        )
