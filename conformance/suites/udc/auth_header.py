"""The Authorization header: what stands in it, and that a token stands nowhere else."""

from udckit.conformance import Probe, expect, refused, verifies


@verifies("AUTH-002")
def without_a_token_nobody_is_let_in(service: Probe) -> None:
    """A request without an Authorization header is answered 401."""
    for seen in refused(service, "AUTH-002"):
        expect(seen).refused()


@verifies("AUTH-003")
def another_scheme_is_refused(service: Probe) -> None:
    """A valid token after another scheme than Bearer, or after none, is answered 401."""
    for seen in refused(service, "AUTH-003"):
        expect(seen).refused()


@verifies("AUTH-004")
def a_malformed_header_is_refused(service: Probe) -> None:
    """A malformed Authorization header is answered 401, and harms nobody."""
    for seen in refused(service, "AUTH-004"):
        expect(seen).refused()


@verifies("AUTH-005")
def the_scheme_is_read_without_regard_to_case(service: Probe) -> None:
    """`bearer` and `BEARER` are the scheme Bearer."""
    for seen in refused(service, "AUTH-005"):
        expect(seen).status(200)


@verifies("AUTH-006")
def garbage_is_no_token(service: Probe) -> None:
    """What is no token is answered 401."""
    for seen in refused(service, "AUTH-006"):
        expect(seen).refused()


@verifies("AUTH-018")
def a_token_counts_only_in_the_header(service: Probe) -> None:
    """A valid token in the query, in a cookie or in the body lets nobody in."""
    for seen in refused(service, "AUTH-018"):
        expect(seen).refused()
