"""What a person may say of a run: typed on the command line, or written in udckit.toml."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from udckit.conformance.backing import Dependency, read_dependencies
from udckit.conformance.errors import InvocationError
from udckit.conformance.generated.effort import EFFORTS, Effort
from udckit.conformance.known_failures import KnownFailure, read_known_failures
from udckit.conformance.settings import ROLES, STAGES, Safety
from udckit.conformance.trigger import Trigger, read_trigger
from udckit.specs import catalogue, requirement

__all__ = ["BUILT_STAGES", "DECLARABLE", "Options", "Way", "certifiable", "read_configuration"]

BUILT_STAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "droplet": STAGES,
    "registry": ("shape", "security"),
    "orchestrator": ("shape", "security"),
}
"""The stages whose suites this version has, by role."""

DECLARABLE: Final = frozenset(
    row.gate.removeprefix("if-") for row in catalogue().values() if row.gate.startswith("if-")
) - {"tls", "key-client", "request-metrics"}
"""Capabilities that an operator may declare by their word."""

_FASTEST: Final = 100.0

Way = Literal["url", "fakes", "authority", "launch", "app"]
"""How a target is reached: a URL alone, a URL of a droplet that runs against the kit's fakes, a
URL with a token or a Registry, a command that the kit launches, an ASGI app in-process."""

_CERTIFIABLE: Final[dict[Way, tuple[str, ...]]] = {
    "url": ("shape",),
    "authority": ("shape", "security"),
    "fakes": ("shape", "security", "integration"),
    "app": ("shape", "security", "integration"),
    "launch": STAGES,
}
"""Resilience wants starts and faults of the kit's own: only what it launched has them."""

_WATCHED: Final = frozenset({"fakes", "app"})
"""Where stage integration is a watch of two beats in real time, done where it is asked for."""


@dataclass(frozen=True, slots=True)
class Options:
    """One run as it was asked for. Exactly one of `url`, `launch` and `app` is given.

    `stages` None means those that this way of reaching the target can certify; `safety` None
    means additive for a URL and disruptive for what the kit launched. `attached` vouches for a
    URL's droplet having been started against the fakes that are up. Times are in seconds.
    `trigger` are requests that make the target call others, the first that by which it calls a
    peer. `speed` is the factor at which a launched target's clock runs while scenarios are
    played: 1 is real time, None lets the kit choose.
    """

    url: str | None = None
    launch: str | None = None
    app: str | None = None
    attached: bool = False
    role: str = "droplet"
    stages: tuple[str, ...] | None = None
    only: tuple[str, ...] = ()
    safety: Safety | None = None
    registry: str | None = None
    token: str | None = None
    signing_key: Path | None = None
    has: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    public: tuple[str, ...] = ()
    base_path: str = ""
    rate: float | None = None
    ca_file: str | None = None
    max_time: float = 300.0
    health_budget: float = 0.1
    startup: float = 40.0
    speed: float | None = None
    dependencies: tuple[Dependency, ...] = ()
    seed: int = 0
    effort: Effort = "quick"
    environment: tuple[tuple[str, str], ...] = ()
    trigger: tuple[Trigger, ...] = ()
    known_failures: tuple[KnownFailure, ...] = ()
    report_dir: Path = field(default_factory=lambda: Path("udckit-report"))

    def __post_init__(self) -> None:
        self._check_target()
        for url in filter(None, (self.url, self.registry)):
            _check_url(url)
        _known("role", self.role, ROLES)
        _known("effort", self.effort, EFFORTS)
        for stage in self.stages or ():
            _known("stage", stage, STAGES)
        for capability in self.has:
            _known("capability", capability, sorted(DECLARABLE))
        for each in self.only:
            if (why := requirement(each).excluded) is not None:
                raise InvocationError(f"{each} is excluded and has no check: {why}")
        self._check_figures()

    def _check_target(self) -> None:
        given = [name for name in ("url", "launch", "app") if getattr(self, name)]
        if not given:
            raise InvocationError(
                "No target, so nothing was tested: give a URL (http://127.0.0.1:8010), or "
                "--launch 'COMMAND --port {port}', or --app module:attribute."
            )
        if self.attached and (self.url is None or self.token or self.registry):
            raise InvocationError("--attached goes with a URL, and without --token or --registry.")
        if len(given) > 1:
            words = " and ".join(given)
            raise InvocationError(f"Give one of {words}, not both: one run has one target.")

    def _check_figures(self) -> None:
        if min(self.max_time, self.health_budget, self.startup) <= 0:
            raise InvocationError("Times are in seconds and above 0.")
        if self.speed is not None and not 1 <= self.speed <= _FASTEST:
            raise InvocationError(
                f"A speed is a factor from 1 (real time) to {_FASTEST:g}, not {self.speed:g}."
            )
        if self.rate is not None and self.rate <= 0:
            raise InvocationError("A rate is in requests per second and above 0.")

    @property
    def way(self) -> Way:
        """How the target is reached, as far as it stands before fakes were looked for."""
        if self.launch is not None:
            return "launch"
        if self.app is not None:
            return "app"
        if self.attached:
            return "fakes"
        return "authority" if self.token or self.registry else "url"

    def asked_stages(self, way: Way) -> tuple[str, ...]:
        """Name the stages to run: those asked for, else those that this way can certify.

        A watch of two beats is asked for by name, or by `attached`: an author waits for seconds.
        """
        if self.stages is not None:
            return tuple(stage for stage in STAGES if stage in self.stages)
        later = {"integration"} if way in _WATCHED and not self.attached else set()
        return tuple(
            stage
            for stage in certifiable(way)
            if stage in BUILT_STAGES[self.role] and stage not in later
        )


def certifiable(way: Way) -> tuple[str, ...]:
    """Name the stages that a way of reaching a target can certify."""
    return _CERTIFIABLE[way]


_FROM_FILE: Final = {each.name for each in fields(Options)} - {
    *("url", "attached", "token", "report_dir", "only")
}


def read_configuration(path: Path | None = None) -> dict[str, Any]:
    """Read udckit.toml, or [tool.udckit] of pyproject.toml, into keyword arguments of `Options`.

    Without a path the current folder is looked into; nothing there gives an empty dictionary.

    Raises:
        InvocationError: the file is missing, is no TOML, or says something unknown.
    """
    if path is not None:
        return _checked(_load(path), str(path))
    if Path("udckit.toml").is_file():
        return _checked(_load(Path("udckit.toml")), "udckit.toml")
    if Path("pyproject.toml").is_file():
        table = _load(Path("pyproject.toml")).get("tool", {}).get("udckit", {})
        return _checked(table, "[tool.udckit] of pyproject.toml")
    return {}


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as trouble:
        raise InvocationError(f"The configuration {path} cannot be read: {trouble}") from trouble
    except tomllib.TOMLDecodeError as trouble:
        raise InvocationError(f"{path} is no TOML: {trouble}") from trouble


def _checked(table: dict[str, Any], where: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name not in _FROM_FILE:
            raise InvocationError(
                f"{where} says {key!r}, which udckit does not know{_near(name, _FROM_FILE)}"
            )
        options[name] = _shaped(name, value, where)
    return options


def _triggers(value: Any, _: str) -> tuple[Trigger, ...]:
    return tuple(map(read_trigger, value if isinstance(value, list) else [value]))


_READ: Final[Mapping[str, Callable[[Any, str], Any]]] = {
    "dependencies": read_dependencies,
    "known_failures": read_known_failures,
    "trigger": _triggers,
}


def _shaped(name: str, value: Any, where: str) -> Any:
    """Bring a TOML value into the shape that `Options` has."""
    if name in _READ:
        return _READ[name](value, where)
    if name in {"headers", "environment"}:
        if not isinstance(value, dict):
            raise InvocationError(f"{where}: {name} is a table of names and values")
        return tuple((key, str(each)) for key, each in value.items())
    if name in {"stages", "has", "public"}:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise InvocationError(f"{where}: {name} is a list of words")
        return tuple(value)
    if name == "signing_key" and isinstance(value, str):
        return Path(value)
    wanted: dict[str, type | tuple[type, ...]] = {
        **dict.fromkeys(("rate", "max_time", "health_budget", "startup", "speed"), (int, float)),
        "seed": int,
    }
    if not isinstance(value, wanted.get(name, str)) or isinstance(value, bool):
        raise InvocationError(f"{where}: {name} has the wrong type: {value!r}")
    return value


def _known(kind: str, word: str, words: Any) -> None:
    if word not in words:
        raise InvocationError(f"{word!r} is no {kind}{_near(word, words)}")


def _near(word: str, words: Any) -> str:
    close = difflib.get_close_matches(word, list(words), n=1)
    listed = ", ".join(sorted(words) if isinstance(words, set) else words)
    return f". Did you mean {close[0]!r}?" if close else f". Known: {listed}."


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as trouble:
        raise InvocationError(f"{url!r} is no URL: {trouble}") from trouble
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise InvocationError(f"{url!r} is no http or https URL, such as http://127.0.0.1:8010")
