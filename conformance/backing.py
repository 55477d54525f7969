"""What stands behind a droplet, as its author declares it: a database, a Redis, external APIs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from udckit.conformance.errors import InvocationError

__all__ = ["KINDS", "Dependency", "read_dependencies"]

KINDS: Final = ("database", "redis", "external-api")

_SETTINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "database": {"DATABASE_URL": "{url}"},
    "redis": {"REDIS_URL": "{url}", "REDIS_HOST": "{host}", "REDIS_PORT": "{port}"},
}
_CAPABILITY: Final = {"external-api": "external-apis"}
_PORTS: Final = {
    "postgresql": 5432,
    "postgres": 5432,
    "mysql": 3306,
    "mariadb": 3306,
    "mongodb": 27017,
    "mssql": 1433,
    "redis": 6379,
    "http": 80,
    "https": 443,
}


@dataclass(frozen=True, slots=True)
class Dependency:
    """One thing behind the droplet: where it really is, and the settings that say so.

    `settings` are variables of the droplet's environment, with {url}, {host} and {port} in them.
    """

    kind: str
    url: str
    settings: tuple[tuple[str, str], ...]

    @property
    def capability(self) -> str:
        """The capability that it is declared by."""
        return _CAPABILITY.get(self.kind, self.kind)

    @property
    def file(self) -> Path | None:
        """The file that a SQLite database is; None for what is reached over a network."""
        scheme, _, rest = self.url.partition("://")
        if scheme.partition("+")[0] != "sqlite":
            return None
        return Path(rest.removeprefix("/").partition("?")[0])

    @property
    def place(self) -> tuple[str, int]:
        """Host and port; raises InvocationError where the URL names none."""
        parts = urlsplit(self.url)
        scheme = parts.scheme.partition("+")[0]
        try:
            port = parts.port or _PORTS.get(scheme, 0)
        except ValueError:
            port = 0
        if not parts.hostname or not port:
            raise InvocationError(
                f"The {self.kind} that was declared names no host and port; give a URL such as "
                "postgresql://user@127.0.0.1:5432/app or redis://127.0.0.1:6379/0."
            )
        return parts.hostname, port

    def environment(self, place: tuple[str, int] | None = None) -> dict[str, str]:
        """Give the droplet's settings; `place` is where it finds it instead."""
        if self.file is not None:
            return self.environment_of(self.url, "", 0)
        host, port = place or self.place
        return self.environment_of(_moved(self.url, host, port), host, port)

    def environment_of(self, url: str, host: str, port: int) -> dict[str, str]:
        """Fill the settings in."""
        words = {"{url}": url, "{host}": host, "{port}": str(port)}
        filled = {}
        for name, template in self.settings:
            text = template
            for word, value in words.items():
                text = text.replace(word, value)
            filled[name] = text
        return filled


def _moved(url: str, host: str, port: int) -> str:
    """Put another host and port into a URL; who and what are kept as they are."""
    parts = urlsplit(url)
    who, at, _ = parts.netloc.rpartition("@")
    shown = f"[{host}]" if ":" in host else host
    return urlunsplit(parts._replace(netloc=f"{who}{at}{shown}:{port}"))


def read_dependencies(table: Any, where: str) -> tuple[Dependency, ...]:
    """Read the [dependencies] of udckit.toml.

    Raises:
        InvocationError: a kind is unknown, a URL is missing, or nothing tells the droplet of it.
    """
    if not isinstance(table, dict):
        raise InvocationError(f"{where}: dependencies is a table of {', '.join(KINDS)}")
    return tuple(_read(kind, facts, where) for kind, facts in table.items())


def _read(kind: str, facts: Any, where: str) -> Dependency:
    if kind not in KINDS:
        raise InvocationError(f"{where}: {kind!r} is no dependency. Known: {', '.join(KINDS)}.")
    if not isinstance(facts, dict) or not isinstance(facts.get("url"), str):
        raise InvocationError(f"{where}: dependencies.{kind} needs a url, as a string")
    unknown = sorted(set(facts) - {"url", "environment"})
    if unknown:
        raise InvocationError(f"{where}: dependencies.{kind} says {unknown[0]!r}, which is unknown")
    settings = facts.get("environment", _SETTINGS.get(kind, {}))
    if not isinstance(settings, dict) or not settings:
        raise InvocationError(
            f"{where}: dependencies.{kind} needs an environment: the variables that tell the "
            'droplet where it is, such as { PAYMENTS_URL = "{url}" }'
        )
    found = Dependency(
        kind, facts["url"], tuple((name, str(value)) for name, value in settings.items())
    )
    if found.file is None:
        _ = found.place
    return found
