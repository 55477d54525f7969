"""What a fake can be told to do wrong: faults as named, listed, deterministic data.

    registry.faults.add(Fault.status(503, times=2, route="POST /register"))
    with registry.faults.active(Fault.hang(route="POST /register")):
        ...

A fault strikes contract requests only, never the control API. Where several would strike the same
request, the one that was added first does.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, TypedDict, Unpack

__all__ = ["KINDS", "Fault", "Kind"]

EVERYBODY = frozenset({"registry", "orchestrator", "droplet"})
REGISTRY = frozenset({"registry"})
A_YEAR = 366 * 86_400.0  # seconds: no figure of a fault is larger

_MAY_BE_NEGATIVE = frozenset({"lifetime", "seed"})


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault: what it does, and what may be said about it."""

    name: str
    story: str
    params: Mapping[str, Any] = field(default_factory=dict)
    """Its own parameters and their defaults; a default's type is the parameter's."""
    roles: frozenset[str] = EVERYBODY


_KINDS = (
    Kind("refuse", "refuses connections, and resets those it has; by window of time only"),
    Kind("reset", "resets the connection instead of answering"),
    Kind("hang", "takes the request and never answers"),
    Kind("delay", "answers late", {"by": 1.0}),
    Kind("status", "answers with an error status, in the contract's form", {"status": 503}),
    Kind("redirect", "sends the caller elsewhere", {"to": "/elsewhere", "status": 307}),
    Kind("malformed_json", "answers with a body that is no JSON, and calls it JSON"),
    Kind("truncated_body", "closes the connection in the middle of the body"),
    Kind("wrong_media_type", "sends the right body as another type", {"media_type": "text/html"}),
    Kind("garbage", "answers with a success status and a body that means nothing", {"status": 201}),
    Kind("page", "answers with a success status and a page of HTML", {"status": 200}),
    Kind("empty_object", "answers with a success status and an empty object", {"status": 200}),
    Kind("missing_token", "registers the caller and keeps the token", roles=REGISTRY),
    Kind("short_lived_token", "gives a token that soon expires", {"lifetime": 45.0}, REGISTRY),
    Kind("rotated_key", "takes another key before it answers", roles=REGISTRY),
    Kind("wrong_key", "signs with, or serves, a key that is not the one in force", roles=REGISTRY),
    Kind("other_key", "serves a key of another type than RSA", roles=REGISTRY),
    Kind("clock_skew", "lives at another time", {"by": 3600.0}),
    Kind("too_many_requests", "answers 429 with Retry-After", {"retry_after": 1}),
    Kind("extra_members", "adds members that the contract does not name"),
    Kind("slow_drip", "sends the body a byte at a time", {"every": 1.0}),
    Kind("hostile_but_legal", "answers in the oddest way that the rules allow", {"seed": 1}),
)
KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""Every kind of fault, by name."""


class Where(TypedDict, total=False):
    """Which requests a fault strikes."""

    route: str | None
    nth: int | None
    times: int | None
    after: float
    during: float | None


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its kind, its parameters, and which requests it strikes."""

    kind: str
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)
    route: str | None = None
    """`POST /register`, `/services/*` or `GET /services/by-name/{name}`; None is every route."""
    nth: int | None = None
    """Only the n-th request that it would strike, counted from 1."""
    times: int | None = None
    """At most so many requests."""
    after: float = 0.0
    """Seconds on the fake's clock between being added and the first strike."""
    during: float | None = None
    """Seconds of the window in which it strikes; None has no end."""

    def __post_init__(self) -> None:
        kind = KINDS.get(self.kind)
        if kind is None:
            near = difflib.get_close_matches(self.kind, KINDS, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(KINDS)}"
            raise ValueError(f"no fault is called {self.kind!r}{hint}")
        unknown = sorted(set(self.params) - set(kind.params))
        if unknown:
            raise ValueError(f"the fault {self.kind} knows no {', '.join(unknown)}")
        object.__setattr__(self, "params", MappingProxyType({**kind.params, **self.params}))
        for name, default in kind.params.items():
            _check(f"{name} of {self.kind}", self.params[name], default)
            _check_range(self.kind, name, self.params[name])
        self._check_where()

    def __getitem__(self, name: str) -> Any:
        return self.params[name]

    def __str__(self) -> str:
        own = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.kind}({own})" if own else self.kind

    def strikes(self, method: str, path: str) -> bool:
        """Whether its route covers a request line."""
        if self.route is None:
            return True
        wanted, _, pattern = self.route.rpartition(" ")
        if wanted and wanted.upper() != method:
            return False
        return fnmatchcase(path, _as_pattern(pattern))

    def as_json(self) -> dict[str, Any]:
        """What the control API shows."""
        where = {
            "route": self.route,
            "nth": self.nth,
            "times": self.times,
            "after": self.after or None,
            "during": self.during,
        }
        said = {name: value for name, value in where.items() if value is not None}
        return {"kind": self.kind, "params": dict(self.params), **said}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Fault":
        """The fault that `as_json` shows. Raises ValueError."""
        names = {"kind", "params", *Where.__annotations__}
        unknown = sorted(set(value) - names)
        if unknown or not isinstance(value.get("kind"), str):
            what = f"it knows no {', '.join(unknown)}" if unknown else "its kind is a string"
            raise ValueError(f"a fault has the members {', '.join(sorted(names))}: {what}")
        return cls(**{name: member for name, member in value.items() if member is not None})

    @classmethod
    def refuse(cls, *, after: float = 0.0, during: float | None = None) -> "Fault":
        """Refuse connections, as a service that is down does."""
        return cls("refuse", after=after, during=during)

    @classmethod
    def reset(cls, **where: Unpack[Where]) -> "Fault":
        """Reset the connection instead of answering."""
        return cls("reset", **where)

    @classmethod
    def hang(cls, **where: Unpack[Where]) -> "Fault":
        """Take the request and never answer; the journal says when the client gave up."""
        return cls("hang", **where)

    @classmethod
    def delay(cls, by: float = 1.0, **where: Unpack[Where]) -> "Fault":
        """Answer `by` seconds late."""
        return cls("delay", {"by": float(by)}, **where)

    @classmethod
    def status(cls, status: int = 503, **where: Unpack[Where]) -> "Fault":
        """Answer with an error status and do nothing."""
        return cls("status", {"status": status}, **where)

    @classmethod
    def redirect(cls, to: str = "/elsewhere", status: int = 307, **where: Unpack[Where]) -> "Fault":
        """Send the caller to another place."""
        return cls("redirect", {"to": to, "status": status}, **where)

    @classmethod
    def malformed_json(cls, **where: Unpack[Where]) -> "Fault":
        """Do what was asked, and answer with a body that is no JSON."""
        return cls("malformed_json", **where)

    @classmethod
    def truncated_body(cls, **where: Unpack[Where]) -> "Fault":
        """Do what was asked, and close the connection in the middle of the answer."""
        return cls("truncated_body", **where)

    @classmethod
    def wrong_media_type(cls, media_type: str = "text/html", **where: Unpack[Where]) -> "Fault":
        """Send the right answer as another type."""
        return cls("wrong_media_type", {"media_type": media_type}, **where)

    @classmethod
    def garbage(cls, status: int = 201, **where: Unpack[Where]) -> "Fault":
        """Answer with a success status and a JSON object that means nothing; do nothing."""
        return cls("garbage", {"status": status}, **where)

    @classmethod
    def page(cls, status: int = 200, **where: Unpack[Where]) -> "Fault":
        """Answer with a success status and a page of HTML, as a proxy may; do nothing."""
        return cls("page", {"status": status}, **where)

    @classmethod
    def empty_object(cls, status: int = 200, **where: Unpack[Where]) -> "Fault":
        """Answer with a success status and `{}`; do nothing."""
        return cls("empty_object", {"status": status}, **where)

    @classmethod
    def missing_token(cls, **where: Unpack[Where]) -> "Fault":
        """Register the caller, and leave the token out of the answer."""
        return cls("missing_token", **_at_registration(where))

    @classmethod
    def short_lived_token(cls, lifetime: float = 45.0, **where: Unpack[Where]) -> "Fault":
        """Register the caller with a token of `lifetime` seconds."""
        params = {"lifetime": float(lifetime)}
        return cls("short_lived_token", params, **_at_registration(where))

    @classmethod
    def rotated_key(cls, **where: Unpack[Where]) -> "Fault":
        """Rotate the key before the request is answered; once, unless told otherwise."""
        where.setdefault("times", 1)
        return cls("rotated_key", **where)

    @classmethod
    def wrong_key(cls, **where: Unpack[Where]) -> "Fault":
        """Sign tokens with a stranger's key, or serve it where the route is /auth/public-key."""
        return cls("wrong_key", **_at_registration(where))

    @classmethod
    def other_key(cls, **where: Unpack[Where]) -> "Fault":
        """Serve a key with which RS256 cannot be verified: one of an elliptic curve."""
        where.setdefault("route", "GET /auth/public-key")
        return cls("other_key", **where)

    @classmethod
    def clock_skew(cls, by: float = 3600.0, **where: Unpack[Where]) -> "Fault":
        """Live `by` seconds ahead (or, negative, behind): `iat`, `exp`, timestamps, Date."""
        return cls("clock_skew", {"by": float(by)}, **where)

    @classmethod
    def too_many_requests(cls, retry_after: int = 1, **where: Unpack[Where]) -> "Fault":
        """Answer 429 with Retry-After."""
        return cls("too_many_requests", {"retry_after": retry_after}, **where)

    @classmethod
    def extra_members(cls, **where: Unpack[Where]) -> "Fault":
        """Add members that the contract does not name, as it allows."""
        return cls("extra_members", **where)

    @classmethod
    def slow_drip(cls, every: float = 1.0, **where: Unpack[Where]) -> "Fault":
        """Send the body a byte each `every` seconds."""
        return cls("slow_drip", {"every": float(every)}, **where)

    @classmethod
    def hostile_but_legal(cls, seed: int = 1, **where: Unpack[Where]) -> "Fault":
        """Shuffle members, add some, escape letters, send odd headers and odd chunks.

        All of it is allowed, and the same for the same seed.
        """
        return cls("hostile_but_legal", {"seed": seed}, **where)

    def _check_where(self) -> None:
        _check("route", self.route, "", optional=True)
        _check("nth", self.nth, 1, optional=True)
        _check("times", self.times, 1, optional=True)
        _check("after", self.after, 0.0)
        _check("during", self.during, 0.0, optional=True)
        if 0 in {self.nth, self.times} or min(self.nth or 1, self.times or 1) < 1:
            raise ValueError("nth and times count from 1")
        _check_range(self.kind, "after", self.after)
        _check_range(self.kind, "during", self.during or 0.0)
        if self.kind == "refuse" and (self.route, self.nth, self.times) != (None, None, None):
            raise ValueError(
                "a connection is refused before there is a request: refuse has a window of time, "
                "no route, nth or times"
            )


def _at_registration(where: Where) -> Where:
    where.setdefault("route", "POST /register")
    return where


def _check(name: str, value: object, example: object, *, optional: bool = False) -> None:
    if optional and value is None:
        return
    wanted = (int, float) if isinstance(example, float) else type(example)
    if not isinstance(value, wanted) or isinstance(value, bool):
        kind = "number" if isinstance(example, float) else type(example).__name__
        raise ValueError(f"{name} is {value!r}, and should be a {kind}")  # noqa: TRY004 - data from outside


def _check_range(kind: str, name: str, value: Any) -> None:
    if isinstance(value, str):
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"{name} of {kind} should be printable ASCII, not {value!r}")
    elif name == "status":
        if not 200 <= value <= 599:  # noqa: PLR2004 - the final statuses
            raise ValueError(f"status of {kind} should be 200 to 599, not {value}")
    elif not -A_YEAR <= value <= A_YEAR:
        raise ValueError(f"{name} of {kind} should be within a year, not {value} seconds")
    elif value < 0 and name not in _MAY_BE_NEGATIVE and kind != "clock_skew":
        raise ValueError(f"{name} of {kind} is not negative, and was {value}")


def _as_pattern(path: str) -> str:
    """A path template as a pattern: a placeholder is a star, and a bracket is itself."""
    parts = path.replace("[", "[[]").split("/")
    return "/".join("*" if part.startswith("{") else part for part in parts)
