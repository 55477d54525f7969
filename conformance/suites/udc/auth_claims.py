"""Claims: what a rightly signed token must say to count."""

from udckit.conformance import Probe, expect, refused, verifies


@verifies("AUTH-009")
def an_expired_token_is_refused(service: Probe) -> None:
    """A token that expired two minutes ago or longer is answered 401."""
    for seen in refused(service, "AUTH-009"):
        expect(seen).refused()


@verifies("AUTH-010")
def a_token_without_expiry_is_refused(service: Probe) -> None:
    """A token without exp is answered 401."""
    for seen in refused(service, "AUTH-010"):
        expect(seen).refused()


@verifies("AUTH-011")
def an_odd_expiry_breaks_nothing(service: Probe) -> None:
    """An exp that is no number, or an enormous one, never causes a 5xx."""
    for seen in refused(service, "AUTH-011"):
        expect(seen).status_below(500)


@verifies("AUTH-017")
def a_token_names_its_service(service: Probe) -> None:
    """A token without a proper service_id and service_name is answered 401 or 403."""
    for seen in refused(service, "AUTH-017"):
        expect(seen).refused()


@verifies("AUTH-027")
def a_token_from_the_future_breaks_nothing(service: Probe) -> None:
    """A token whose iat lies ahead is accepted or refused, and never causes a 5xx."""
    for seen in refused(service, "AUTH-027"):
        expect(seen).status_below(500)
