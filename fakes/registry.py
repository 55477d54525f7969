"""A Registry that keeps the contract: it registers, issues tokens that verify, and remembers."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Unpack

from udckit.fakes._fake import Facts
from udckit.fakes._http import Answer, Refusal, Request
from udckit.fakes._issuing import Issuer, OwnKey
from udckit.fakes._router import Route, routes_of
from udckit.fakes._services import NameTakenError, Registration, Service, Services
from udckit.fakes._tokens import SigningKey, elliptic_pem, test_key
from udckit.fakes._udc import UdcFake
from udckit.specs import surface

if TYPE_CHECKING:
    from udckit.fakes.faults import Fault

__all__ = ["FakeRegistry", "HealthSource", "HostRule"]

HostRule = Literal["peer", "name"] | Callable[[str, str | None], str]


class HealthSource(Protocol):
    """Who knows how a service is: an Orchestrator, from its beats."""

    def status_of(self, service_id: int) -> str:
        """One of active, inactive, error, dead, unknown."""
        ...


class FakeRegistry(UdcFake):
    """The Registry's side of the contract (interface A.8 to A.12), on a real socket.

    `key` is "test" for the kit's shipped key, "fresh" for a new one, or a SigningKey.
    `token_lifetime` is in seconds. `host_from` says what discovery gives as the host of a service
    that sent none: the "peer" address that it registered from, its "name", or what a callable
    makes of name and peer (CONF-04).
    """

    role: ClassVar[str] = "registry"
    capabilities = ("service_registration", "service_discovery", "token_issuing", "health_tracking")
    supported_operations = (
        "register_service",
        "list_services",
        "get_service",
        "get_service_by_name",
        "get_public_key",
        "issue_token",
    )

    def __init__(
        self,
        *,
        key: SigningKey | Literal["test", "fresh"] | None = None,
        token_lifetime: float = 3600,
        host_from: HostRule = "peer",
        name: str = "registry",
        droplet_id: int = 1,
        **facts: Unpack[Facts],
    ) -> None:
        self._issuer = Issuer(_chosen(key))
        self._services = Services()
        self._shown: dict[int, tuple[Service, str, Answer]] = {}
        self.token_lifetime = token_lifetime
        self.host_from = host_from
        self.health_source: HealthSource | None = None
        super().__init__(name=name, droplet_id=droplet_id, **facts)

    # For tests

    @property
    def key(self) -> SigningKey:
        """The key that signs now."""
        return self._issuer.key

    @property
    def public_key_pem(self) -> str:
        return self._issuer.key.public_pem

    @property
    def services(self) -> tuple[Service, ...]:
        """Every registered service, in the order of first registration."""
        return self._services.all()

    def service(self, name: str) -> Service | None:
        return self._services.named(name)

    def register(
        self,
        name: str,
        droplet_id: int,
        *,
        port: int = 8010,
        host: str | None = None,
        capabilities: Sequence[str] = ("task_processing",),
        version: str = "1.0.0",
        health_endpoint: str = "/health",
    ) -> Registration:
        """Register without HTTP, by the same rules. Raises ValueError, NameTakenError."""
        facts = {
            "name": name,
            "droplet_id": droplet_id,
            "port": port,
            "health_endpoint": health_endpoint,
            "capabilities": list(capabilities),
            "version": version,
            "udc_compliant": True,
        }
        if host is not None:
            facts["host"] = host
        problems = surface("registry").operations["registerService"].request_problems(facts)
        if problems:
            raise ValueError("; ".join(str(problem) for problem in problems))
        return self._admit(facts, peer=None, now=self.clock.now())

    def mint(  # type: ignore[override]  # the facts, by name
        self,
        *,
        service_id: int = 999,
        service_name: str = "udckit-minted",
        capabilities: Sequence[str] = (),
        lifetime: float | None = None,
        claims: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None,
    ) -> str:
        """A token signed with the Registry's key, registered or not.

        `claims` replace or add to the contract's; a claim whose value is `...` is left out.
        `headers` do the same to the token's header, see `SigningKey.sign`.
        """
        made = self._claims(service_id, service_name, capabilities, lifetime, self.clock.now())
        overridden = claims or {}
        made.update(overridden)
        made = {name: value for name, value in made.items() if value is not ...}
        return self._issuer.issue(
            made, f"minted for {service_name}", headers=headers, unique="exp" not in overridden
        )

    def rotate_key(self, key: SigningKey | None = None) -> SigningKey:
        """Sign and verify with another key from now on; tokens of the old one no longer count."""
        number = self._issuer.rotations + 1
        self._issuer.rotate(key or SigningKey.generate(f"fresh-{number}"))
        return self.key

    def issued_as(self, token: str) -> str | None:
        """What a token was issued for; None for one that did not come from here."""
        return self._issuer.issued_as(token)

    def signed_by(self, token: str) -> str | None:
        """The name of the key of this Registry that signed a token, former keys included."""
        return self._issuer.signed_by(token)

    def reset(self) -> None:
        """Forget services and journal; keys and numbers go on."""
        super().reset()
        self._services.clear()
        self._shown.clear()

    # The surface

    def _routes(self) -> list[Route]:
        return super()._routes() + routes_of(
            "registry",
            {
                "registerService": self._register,
                "getServiceByName": self._by_name,
                "getService": self._by_id,
                "listServices": self._list,
                "getPublicKey": self._public_key,
            },
        )

    def _key_source(self) -> OwnKey:
        return OwnKey(self._issuer)

    @property
    def issuer(self) -> Issuer:
        """The signing side; for fakes of the same process."""
        return self._issuer

    def _register(self, request: Request) -> Answer:
        try:
            admitted = self._admit(
                request.json, peer=request.client, now=request.time, fault=request.fault
            )
        except NameTakenError:
            raise Refusal(
                409, "NAME_TAKEN", "The name belongs to a service with another droplet_id."
            ) from None
        who = {"service_name": admitted.service.name, "service_id": admitted.service_id}
        self._log.info("service registered", extra=who)
        return Answer(201, {"token": admitted.token, "service_id": admitted.service_id})

    def _by_name(self, request: Request) -> Answer:
        return self._found(self._services.named(request.params["name"]))

    def _by_id(self, request: Request) -> Answer:
        text = request.params["id"]
        number = text.removeprefix("-")
        if not (number.isascii() and number.isdigit()):
            raise Refusal(400, "INVALID_REQUEST", "A service_id is an integer.")
        longest = 18  # digits: no service_id has more
        known = None if len(number) > longest else self._services.numbered(int(text))
        return self._found(known)

    def _list(self, _: Request) -> Answer:
        return Answer(200, [one.as_json(self._status(one)) for one in self._services.all()])

    def _public_key(self, request: Request) -> Answer:
        pem = self.public_key_pem
        if _is(request.fault, "wrong_key"):
            pem = _stranger().public_pem
        elif _is(request.fault, "other_key"):
            pem = elliptic_pem()
        return Answer(200, {"public_key": pem})

    def _more_state(self) -> Mapping[str, Any]:
        return {"registered_services": len(self._services)}

    # How it is done

    def _admit(
        self,
        facts: Mapping[str, Any],
        *,
        peer: str | None,
        now: float,
        fault: "Fault | None" = None,
    ) -> Registration:
        service = self._services.put(facts, self._host_of(facts, peer), now)
        lifetime = key = None
        if fault is not None:
            lifetime = fault["lifetime"] if fault.kind == "short_lived_token" else None
            key = _stranger() if fault.kind == "wrong_key" else None
        claims = self._claims(service.service_id, service.name, service.capabilities, lifetime, now)
        token = self._issuer.issue(claims, f"registration of {service.name}", key=key)
        return Registration(token, service.service_id, service)

    def _claims(
        self,
        service_id: int,
        service_name: str,
        capabilities: Sequence[str],
        lifetime: float | None,
        now: float,
    ) -> dict[str, Any]:
        issued = int(now)
        return {
            "service_id": service_id,
            "service_name": service_name,
            "capabilities": list(capabilities),
            "exp": issued + int(self.token_lifetime if lifetime is None else lifetime),
            "iat": issued,
        }

    def _host_of(self, facts: Mapping[str, Any], peer: str | None) -> str:
        rule = self.host_from
        given, derived = facts.get("host"), None
        if rule != "peer":
            derived = rule(facts["name"], peer) if callable(rule) else facts["name"]
        for host in (given, derived, _literal(peer)):
            if isinstance(host, str) and not _host_problems(host):
                return host
        return "127.0.0.1"

    def _status(self, service: Service) -> str:
        source = self.health_source
        return "unknown" if source is None else source.status_of(service.service_id)

    def _found(self, service: Service | None) -> Answer:
        if service is None:
            raise Refusal(404, "SERVICE_NOT_FOUND", "No such service is registered.")
        status = self._status(service)
        shown = self._shown.get(service.service_id)
        if shown is None or shown[0] is not service or shown[1] != status:
            shown = (service, status, Answer(200, service.as_json(status)))
            self._shown[service.service_id] = shown
        return shown[2]


def _is(fault: "Fault | None", kind: str) -> bool:
    return fault is not None and fault.kind == kind


@cache
def _stranger() -> SigningKey:
    """A key that no Registry serves."""
    return SigningKey.generate("stranger")


def _chosen(key: SigningKey | str | None) -> SigningKey:
    if isinstance(key, SigningKey):
        return key
    if key in {None, "test"}:
        return test_key()
    if key == "fresh":
        return SigningKey.generate()
    raise ValueError(f'key is "test", "fresh" or a SigningKey, not {key!r}')


def _literal(peer: str | None) -> str | None:
    return f"[{peer}]" if peer is not None and ":" in peer else peer


@lru_cache(1024)
def _host_problems(host: str) -> bool:
    return not host or bool(surface("registry").component_problems("Host", host))
