"""The probe: what a check asks the target with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote as percent

from udckit.conformance._wire import DEADLINE, Outgoing
from udckit.conformance.errors import NotApplicable, NotObserved, UdckitError
from udckit.conformance.exchange import Exchange
from udckit.conformance.forge import Forge, Recipe
from udckit.conformance.heard import Heard, Line, Sender
from udckit.conformance.observation import MISSING, Observation, Tally
from udckit.conformance.redaction import TokenFacts
from udckit.conformance.settings import Identity, Settings
from udckit.conformance.source import Source
from udckit.conformance.standing import Standing

__all__ = ["ANONYMOUS", "UDC_PATHS", "VALID", "Ask", "Probe", "TokenShelf"]

UDC_PATHS: Final = ("/health", "/capabilities", "/state", "/dependencies", "/message")

_POSTED: Final = ("/message", "/register", "/heartbeat", "/tasks", "/callback")
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_USUAL: Final = (("Accept", "*/*"), ("User-Agent", "udckit"))
"""Headers of every request that says nothing else: a check's own replace them."""

_JSON: Final = "application/json"
_PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F)))


class _Mark:
    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


VALID: Final = _Mark("VALID")
"""A valid token of the kit's own; without an authority there is none, and that is the finding."""

ANONYMOUS: Final = _Mark("ANONYMOUS")
"""No Authorization header at all."""

_MISSING: Final = {
    "sign": "it needs tokens that the target's Registry would sign and no Registry does: start the "
    "droplet against `udckit fakes up`, let the kit launch it, or give --signing-key FILE",
    "public-key": "it needs the Registry's public key: give --registry URL",
}
"""What a run lacks that has a valid token, by what a recipe needs."""

_WHERE_THERE_IS_ONE: Final = _Mark("WHERE_THERE_IS_ONE")

Token = _Mark | str


@dataclass(slots=True)
class TokenShelf:
    """The tokens that the authority gave for this run, and the forge that makes others of them.

    `why_none` says why there are none. Without a forge, one is made that has no key.
    """

    valid: str | None = None
    why_none: str = ""
    forge: Forge | None = None

    def __post_init__(self) -> None:
        if self.valid is not None and self.forge is None:
            self.forge = Forge(self.valid)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that has not been sent yet; several may be sent together.

    `instance` names another instance of the target that was started for it. An impatient request
    takes a 429 as its answer. What is sent as it is has the length that its own headers say.
    """

    method: str
    path: str
    token: Token = _WHERE_THERE_IS_ONE
    json: Any = MISSING
    body: bytes | None = None
    headers: tuple[tuple[str, str | bytes], ...] = ()
    content_type: str | None = _JSON
    deadline: float = DEADLINE
    at_root: bool = False
    instance: str = ""
    patient: bool = True
    as_it_is: bool = False


@dataclass(slots=True)
class Probe:
    """Asks one target on behalf of one check, and counts what is judged.

    Tokens: /health is asked without one; everything else with the valid token where there is
    one, unless the call says `token=ANONYMOUS`, `token=VALID` (no token: not observed) or gives a
    token of its own.
    """

    settings: Settings
    source: Source
    tokens: TokenShelf
    capabilities: Mapping[str, bool | None] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    standing: Standing = field(default_factory=Standing)

    @property
    def identity(self) -> Identity:
        """The service as which the kit calls."""
        return self.settings.identity

    @property
    def has_token(self) -> bool:
        """True where an authority gave a valid token."""
        return self.tokens.valid is not None

    def read(self, path: str) -> Observation:
        """Give the run's one reading of a GET route, as a rightful caller asks."""
        ask = Ask("GET", path, token=ANONYMOUS if path == "/health" else VALID)
        return self._seen(self.source.ask(self._outgoing(ask), shared=path))

    def read_later(self, path: str, *, after: Observation, seconds: float) -> Observation:
        """Read a route again, no sooner than `seconds` after an earlier reading."""
        self.wait_since(after, seconds)
        ask = Ask("GET", path, token=ANONYMOUS if path == "/health" else VALID)
        return self._seen(self.source.ask(self._outgoing(ask), shared=f"{path} later"))

    def once(self, name: str, ask: Ask) -> Observation:
        """Send a request that the whole run makes once; `name` is what it is shared under."""
        return self._seen(self.source.ask(self._outgoing(ask), shared=name))

    def get(self, path: str, **how: Any) -> Observation:
        """GET a path; see `Ask` for what may be said of the request."""
        return self.send(Ask("GET", path, **how))

    def post(self, path: str, **how: Any) -> Observation:
        """POST to one of the contract's own routes."""
        return self.send(Ask("POST", path, **how))

    def message(self, **how: Any) -> Observation:
        """POST a valid query to /message; members given as keywords replace those of it."""
        return self.send(self.a_message(**how))

    def a_message(self, *, token: Token = VALID, **members: Any) -> Ask:
        """Make a message, a `query` with an empty payload; MISSING leaves a member out."""
        body = {
            "from_service": self.identity.service_name,
            "message_type": "query",
            "payload": {},
            **members,
        }
        kept = {name: value for name, value in body.items() if value is not MISSING}
        return Ask("POST", "/message", token=token, json=kept)

    def send(self, ask: Ask, *, recipe: Recipe | None = None) -> Observation:
        """Send a request and give what was seen; `recipe` is what was forged for it."""
        return self._seen(self.source.ask(self._outgoing(ask)), recipe)

    def together(self, asks: list[Ask]) -> list[Observation]:
        """Send requests at the same time; the observations come in their order."""
        return [
            self._seen(each) for each in self.source.ask_together([self._outgoing(a) for a in asks])
        ]

    def wait(self, seconds: float) -> None:
        """Let time pass for the target."""
        self.source.wait(seconds)

    def wait_since(self, seen: Observation, seconds: float) -> None:
        """Let time pass until `seconds` after an observation."""
        self.source.wait(seen.at + seen.seconds + seconds - self.source.now())

    def token_of(self, placeholder: Any) -> TokenFacts | None:
        """Give the facts of a token that stands in an answer; None where it is no token."""
        return self.source.token(placeholder) if isinstance(placeholder, str) else None

    def verifies(self, placeholder: str, pem: str) -> bool:
        """Say whether a public key that was seen verifies a token that was seen."""
        return self.source.verifies(placeholder, pem)

    @property
    def can(self) -> frozenset[str]:
        """What the forge has for recipes that need it: `sign`, `public-key`."""
        return frozenset() if self.tokens.forge is None else self.tokens.forge.can

    def why_not(self, needs: frozenset[str]) -> str:
        """Say what is missing for recipes that the forge cannot follow, and how to give it."""
        return _MISSING["public-key" if "sign" not in needs - self.can else "sign"]

    def forged(self, recipe: Recipe) -> str:
        """Make a token by a recipe; it is known by the recipe's name in the record."""
        if self.tokens.forge is None:
            raise NotObserved(self.tokens.why_none, blocked_by="AUTH-001")
        token = self.tokens.forge.make(recipe, self.standing.surroundings)
        self.source.around.label(token, f"recipe {recipe.name}")
        return token

    def again(self, seen: Observation) -> Observation:
        """Give what another check saw, to be judged by this one."""
        return Observation(seen.exchange, self.tally, seen.recipe)

    def so_far(self) -> list[Observation]:
        """Give every exchange of the run up to now, whoever asked for it."""
        return [self._seen(exchange) for exchange in self.source.so_far()]

    def sender(
        self, name: str, *, listens: bool = False, fails: bool = False, **facts: Any
    ) -> Sender | None:
        """Register another service at the authority, for a token of its own.

        None where it cannot be. `listens` registers it under the address of the kit's peer of
        that name, which answers 500 where it `fails`; `facts` are members of the registration.
        """
        return self.source.around.enrol(name, listens=listens, fails=fails, facts=facts)

    def peer(self, name: str, host: str = "127.0.0.1") -> str | None:
        """Give the URL of a peer that listens; None where the target cannot reach it."""
        return self.source.around.peer(name, host)

    def heard(self, name: str, mark: str, *, within: float = 0.0) -> tuple[Heard, ...]:
        """Give what came to a peer with `mark` in its path; wait up to `within` seconds for it."""
        return self.source.around.heard(name, mark, within)

    def start(self, instance: str, environment: Mapping[str, str | None]) -> str | None:
        """Start another instance of a launched target; say what was in the way, None for nothing.

        Values replace those of the environment, None takes one away.
        """
        return self.source.around.start(instance, environment)

    def log(self) -> tuple[Line, ...] | None:
        """Give what the target has written so far; None where the kit cannot read it."""
        return self.source.around.log()

    def has(self, capability: str) -> bool:
        """True where the target shows a capability, or the operator declares it."""
        return capability in self.settings.has or bool(self.capabilities.get(capability))

    def require(self, capability: str) -> None:
        """End the check where the capability is absent, or could not be looked for."""
        if self.has(capability):
            return
        if self.capabilities.get(capability, False) is None:
            raise NotObserved(f"whether it has {capability} could not be looked for")
        raise NotApplicable(f"it shows no {capability}, and none is declared")

    def _seen(self, exchange: Exchange, recipe: Recipe | None = None) -> Observation:
        return Observation(exchange, self.tally, recipe)

    def _outgoing(self, ask: Ask) -> Outgoing:
        self._keep_the_rules(ask)
        own = {name.lower() for name, _ in ask.headers}
        headers: list[tuple[str, str | bytes]] = [
            (name, value) for name, value in _USUAL if name.lower() not in own
        ]
        token = self._token(ask)
        if token is not None:
            headers.append(("Authorization", f"Bearer {token}"))
        body = ask.body
        if ask.json is not MISSING:
            body = json.dumps(ask.json, ensure_ascii=False).encode("utf-8", "surrogatepass")
        elif body is None and ask.method in {"POST", "PUT", "PATCH"}:
            body = b""
        if body is not None and ask.content_type is not None:
            headers.append(("Content-Type", ask.content_type))
        headers.extend(ask.headers)
        return Outgoing(
            ask.method,
            percent(ask.path, safe=_PRINTABLE),
            tuple(headers),
            body,
            deadline=ask.deadline,
            prefix="" if ask.at_root else self.settings.base_path,
            instance=ask.instance,
            patient=ask.patient,
            as_it_is=ask.as_it_is,
        )

    def _token(self, ask: Ask) -> str | None:
        if ask.token is ANONYMOUS:
            return None
        if isinstance(ask.token, str):
            return ask.token
        if ask.token is _WHERE_THERE_IS_ONE and ask.path == "/health":
            return None
        if ask.token is VALID and self.tokens.valid is None:
            raise NotObserved(self.tokens.why_none, blocked_by="AUTH-001")
        return self.tokens.valid

    def _keep_the_rules(self, ask: Ask) -> None:
        """Hold what may be sent at all: the catalogue's *Before you probe*."""
        if ask.method in _SAFE:
            return
        if self.settings.safety == "read-only":
            raise NotObserved(f"--safety read-only sends no {ask.method}")
        path = ask.path.split("?")[0]
        if ask.method == "POST" and (path in _POSTED or path in self.standing.advertised):
            return
        if ask.method in {"PUT", "DELETE"} and path in UDC_PATHS:
            return
        raise UdckitError(f"the kit must never send {ask.method} {path}: see Before you probe")
