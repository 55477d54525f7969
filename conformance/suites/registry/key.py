"""GET /auth/public-key: a PEM that verifies, the same for everybody, long enough."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from udckit.conformance import ANONYMOUS, Ask, NotObserved, Probe, expect, quote, verifies
from udckit.conformance.redaction import PRIVATE_KEY
from udckit.conformance.suites.registry._acts import public_key

READINGS = 5
AGAIN = "started-again"
BITS = 2048


@verifies("REG-KEY-001")
def the_public_key_is_public(service: Probe) -> None:
    """Anybody may read the public key, a PEM string, and no private one beside it."""
    seen = public_key(service)

    expect(seen).status(200)
    expect(seen).holds(
        PRIVATE_KEY not in seen.text,
        expected="no private key",
        observed="one is shown to everybody",
    )
    expect(seen).gives("public_key")
    expect(seen).holds(
        _key(seen.member("public_key")) is not None,
        expected="a PEM that a verifier can read",
        observed=f"`public_key` {quote(seen.member('public_key'))}",
    )


@verifies("REG-KEY-002", order=30)
def the_public_key_stays_the_same(service: Probe) -> None:
    """However often it is read, the public key is the same."""
    first = public_key(service)
    if _key(first.member("public_key")) is None:
        raise NotObserved("there is no public key to compare", blocked_by="REG-KEY-001")
    answers = service.together([Ask("GET", "/auth/public-key", ANONYMOUS)] * READINGS)

    for seen in answers:
        expect(seen).status(200)
        expect(seen).holds(
            _line(seen.member("public_key")) == _line(first.member("public_key")),
            expected="the key that was read before",
            observed="another key",
        )


@verifies("REG-KEY-003")
def the_public_key_is_long_enough(service: Probe) -> None:
    """The public key is RSA, of 2048 bits or more."""
    seen = public_key(service)
    key = _key(seen.member("public_key"))
    if key is None:
        raise NotObserved("there is no public key to measure", blocked_by="REG-KEY-001")

    size = key.key_size if isinstance(key, RSAPublicKey) else 0
    expect(seen).holds(
        size >= BITS,
        expected=f"an RSA key of {BITS} bits or more",
        observed=f"RSA of {size} bits" if size else f"a key of the kind {type(key).__name__}",
    )


@verifies("REG-KEY-004", order=30)
def the_public_key_survives_a_start(service: Probe) -> None:
    """Started once more with the same settings, the Registry serves the same public key."""
    first = public_key(service)
    if _key(first.member("public_key")) is None:
        raise NotObserved("there is no public key to compare", blocked_by="REG-KEY-001")
    trouble = service.start(AGAIN, _own_settings(service))
    if trouble is not None:
        raise NotObserved(f"it cannot be started once more: {trouble}")
    seen = service.send(Ask("GET", "/auth/public-key", ANONYMOUS, instance=AGAIN))

    expect(seen).status(200)
    expect(seen).holds(
        _line(seen.member("public_key")) == _line(first.member("public_key")),
        expected="the key of the start before",
        observed="another key, so that every token is refused",
    )


def _own_settings(service: Probe) -> dict[str, str | None]:
    """Give the name and the number that it has: where it keeps its key may hang on them."""
    said = service.read("/capabilities")
    own = {"SERVICE_NAME": "service_name", "DROPLET_ID": "droplet_id"}
    given = {name: said.member(member) for name, member in own.items()}
    return {name: str(value) for name, value in given.items() if isinstance(value, str | int)}


def _key(pem: object) -> object | None:
    try:
        return load_pem_public_key(pem.encode()) if isinstance(pem, str) else None
    except (ValueError, UnsupportedAlgorithm):
        return None


def _line(pem: object) -> str:
    return "".join(str(pem).split())
