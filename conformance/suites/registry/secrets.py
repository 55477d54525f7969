"""What a Registry shows to nobody: the tokens of others, and its private key."""

from udckit.conformance import ANONYMOUS, Ask, Observation, Probe, expect, verifies
from udckit.conformance.redaction import PLACEHOLDER, PRIVATE_KEY
from udckit.conformance.suites.registry._acts import (
    by_name,
    in_directory,
    listing,
    name_of,
    public_key,
    registered,
)

OWN = "the kit's valid token"


@verifies("REG-SVC-006")
def no_secret_of_others_is_shown(service: Probe) -> None:
    """No answer holds the token of another service, or a private key."""
    made = registered(service)
    answers = [
        in_directory(service),
        listing(service),
        service.read(f"/services/{made.member('service_id')}"),
        public_key(service),
        service.get(by_name(name_of(service, "nobody"))),
        service.read("/health"),
        *(service.read(path) for path in ("/capabilities", "/state", "/dependencies")),
        service.send(Ask("GET", "/services", ANONYMOUS)),
    ]

    for seen in answers:
        _shows_no_secret(service, seen)
    tokens = PLACEHOLDER.findall(made.text)
    expect(made).holds(len(tokens) <= 1, expected="one token, the registered service's own")


def _shows_no_secret(service: Probe, seen: Observation) -> None:
    expect(seen).asked()
    shown = [found.group() for found in PLACEHOLDER.finditer(seen.text)]
    foreign = [each for each in shown if _is_foreign(service, each)]
    expect(seen).holds(not foreign, expected="no token of another service")
    expect(seen).holds(PRIVATE_KEY not in seen.text, expected="no private key")


def _is_foreign(service: Probe, placeholder: str) -> bool:
    facts = service.token_of(placeholder)
    return facts is not None and facts.issued_as != OWN
