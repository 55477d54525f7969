"""Reads fleet.yaml: which right droplets there are, and how each is launched."""

import difflib
import shlex
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

__all__ = ["FLEET", "REFERENCE", "Answers", "Member", "fleet", "member"]

FLEET = Path(__file__).parents[1] / "fleet"
"""The folder of the fleet."""
EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True, slots=True)
class Answers:
    """The status with which a droplet answers a message: completed or processing."""

    with_reply_to: str
    without: str


@dataclass(frozen=True, slots=True)
class Member:
    """One right droplet."""

    name: str
    folder: Path
    difference: str
    """What it does otherwise than most, and may."""
    stack: str
    launch: str
    """The command line, with {python} or {node}, {fleet} or {examples}, and {port}."""
    has: frozenset[str]
    answers: Answers
    needs: frozenset[str]
    packages: tuple[str, ...]
    """Python packages, by import name."""

    @property
    def has_metrics(self) -> bool:
        return "metrics" in self.has

    @property
    def has_openapi(self) -> bool:
        return "openapi" in self.has

    @property
    def command(self) -> str:
        """The command line with only {port} left open, as `udckit certify --launch` takes it."""
        return (
            self.launch.replace("{python}", shlex.quote(sys.executable))
            .replace("{node}", "node")
            .replace("{fleet}", shlex.quote(str(FLEET)))
            .replace("{examples}", shlex.quote(str(EXAMPLES)))
        )


REFERENCE = Member(
    name="reference_droplet",
    folder=EXAMPLES / "reference_droplet",
    difference="none: it is what the others may differ from",
    stack="FastAPI, uvicorn, PyJWT, SQLAlchemy, Redis; asyncio",
    launch="{python} -m uvicorn --app-dir {examples} reference_droplet.app:app --port {port}",
    has=frozenset({"metrics", "openapi"}),
    answers=Answers(with_reply_to="processing", without="completed"),
    needs=frozenset(),
    packages=(
        *("aiosqlite", "alembic", "asyncpg", "fastapi", "httpx", "jwt", "prometheus_client"),
        *("pydantic_settings", "redis", "sqlalchemy", "tenacity", "uvicorn"),
    ),
)
"""The droplet in examples/; no member of the fleet, for it is written to be copied."""


@cache
def fleet() -> tuple[Member, ...]:
    """Every member, in the order of fleet.yaml."""
    rows: list[dict[str, Any]] = yaml.safe_load((FLEET / "fleet.yaml").read_text("utf-8"))
    return tuple(_member(row) for row in rows)


def member(name: str) -> Member:
    """The droplet of that name, the reference included. Raises LookupError with the nearest."""
    known = {one.name: one for one in (*fleet(), REFERENCE)}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=2)
    raise LookupError(f"no droplet of the fleet is called {name!r}; near: {', '.join(near) or '-'}")


def _member(row: dict[str, Any]) -> Member:
    return Member(
        name=row["name"],
        folder=FLEET / row["name"],
        difference=row["difference"],
        stack=row["stack"],
        launch=row["launch"],
        has=frozenset(row["has"]),
        answers=Answers(**row["answers"]),
        needs=frozenset(row["needs"]),
        packages=tuple(row["packages"]),
    )
