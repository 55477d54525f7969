"""A finding: the requests that show a breach, as data that can be kept, told and sent again."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from udckit.conformance._curl import curl
from udckit.conformance.errors import InvocationError
from udckit.conformance.exchange import Exchange
from udckit.conformance.generated.claims import is_framed
from udckit.conformance.generated.evidence import Breach
from udckit.conformance.observation import MISSING, Observation, Tally
from udckit.conformance.probe import ANONYMOUS, VALID, Ask

__all__ = ["FORMAT", "Finding", "Step", "cause_of", "read_finding"]

FORMAT: Final = 1
_WALKED: Final = frozenset(
    {"AUTH-009", "UDC-MSG-010", "UDC-MSG-012", "ORCH-TASK-007", "ORCH-TASK-008", "ORCH-TASK-009"}
)
"""Rows that only a walk shows: it takes time, or peers that listen. Their requests alone do not."""

_GIVEN: Final = ("task_id", "service_id")
"""Members of an answer that a later request may be about."""

_OF_THE_KIT: Final = frozenset({"authorization", "accept", "user-agent"})
_PLACE: Final = re.compile(r"\{step (\d+) (\w+)\}")
_QUOTED: Final = re.compile(r"`[^`]*` ?\S*|'[^']*'|\d+")


@dataclass(frozen=True, slots=True)
class Step:
    """One request. `target` may say `{step 1 task_id}`: what the answer to step 1 gave.

    `token` is true where the kit's valid token goes with it.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    token: bool
    as_it_is: bool = False

    @classmethod
    def of(cls, exchange: Exchange) -> Step:
        """Read what was sent; redacted parts come back as they are kept."""
        request = exchange.request
        body = None if request.body is None else request.body.encode("utf-8", "surrogatepass")
        if request.encoding == "base64":
            body = base64.b64decode(request.body or "")
        return cls(
            request.method,
            request.target,
            tuple(pair for pair in request.headers if pair[0].lower() not in _OF_THE_KIT),
            body,
            any(name.lower() == "authorization" for name, _ in request.headers),
            is_framed(exchange),
        )

    def ask(self, answers: Sequence[Observation]) -> Ask:
        """Give the request, with what earlier answers gave in its target."""

        def given(found: re.Match[str]) -> str:
            place = int(found.group(1)) - 1
            value = answers[place].member(found.group(2)) if place < len(answers) else MISSING
            return found.group() if value is MISSING else str(value)

        return Ask(
            self.method,
            _PLACE.sub(given, self.target),
            VALID if self.token else ANONYMOUS,
            body=self.body,
            headers=self.headers,
            content_type=None,
            as_it_is=self.as_it_is,
        )

    def as_json(self) -> dict[str, Any]:
        """Give it as it stands in a file."""
        facts: dict[str, Any] = {"method": self.method, "target": self.target, "token": self.token}
        facts["headers"] = [list(pair) for pair in self.headers]
        if self.as_it_is:
            facts["as_it_is"] = True
        if self.body is not None:
            try:
                facts["body"] = self.body.decode()
            except UnicodeDecodeError:
                facts["base64"] = base64.b64encode(self.body).decode("ascii")
        return facts

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Step:
        """Read it back."""
        body = facts["body"].encode() if "body" in facts else None
        if "base64" in facts:
            body = base64.b64decode(facts["base64"])
        headers = tuple((name, value) for name, value in facts["headers"])
        as_it_is = facts.get("as_it_is", False)
        return cls(facts["method"], facts["target"], headers, body, facts["token"], as_it_is)


@dataclass(frozen=True, slots=True)
class Finding:
    """A breach with what shows it; `cause` is the same for findings of one cause."""

    cause: str
    rows: tuple[str, ...]
    expected: str
    observed: str
    steps: tuple[Step, ...]
    commands: tuple[str, ...]
    role: str
    seed: int
    times: int = 1

    @classmethod
    def of(
        cls, breach: Breach, exchanges: Mapping[int, Exchange], *, role: str, seed: int
    ) -> Finding:
        """Make a finding of a breach and of the exchanges that led to it."""
        led = [exchanges[number] for number in dict.fromkeys(breach.steps)]
        return cls(
            cause_of(breach, led[-1]),
            breach.rows,
            breach.expected,
            breach.observed,
            tuple(_steps(led)),
            tuple(_commands(led)),
            role,
            seed,
        )

    @property
    def is_walked(self) -> bool:
        """True where its requests alone do not show it."""
        return not _WALKED.isdisjoint(self.rows)

    @property
    def name(self) -> str:
        """The name of its file: the row, and a digest of the cause."""
        digest = hashlib.sha256(self.cause.encode()).hexdigest()[:8]
        return f"{self.rows[0].lower()}-{digest}.json"

    def once_more(self) -> Finding:
        """Give the same finding, seen once more."""
        return replace(self, times=self.times + 1)

    def as_json(self) -> dict[str, Any]:
        """Give it as it stands in a file."""
        return {
            "kind": "udckit-finding",
            "format": FORMAT,
            "cause": self.cause,
            "rows": list(self.rows),
            "expected": self.expected,
            "observed": self.observed,
            "role": self.role,
            "seed": self.seed,
            "times": self.times,
            "curl": list(self.commands),
            "steps": [each.as_json() for each in self.steps],
        }

    def save(self, folder: Path) -> Path:
        """Write it into a folder, over an older one of the same cause; give its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.name
        path.write_text(json.dumps(self.as_json(), indent=2) + "\n", encoding="utf-8")
        return path


def read_finding(path: Path) -> Finding:
    """Read a finding back; raise InvocationError where the file is none."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        if facts["kind"] != "udckit-finding" or facts["format"] != FORMAT:
            raise InvocationError(f"{path} is no finding of this version of udckit.")
        return Finding(
            cause=facts["cause"],
            rows=tuple(facts["rows"]),
            expected=facts["expected"],
            observed=facts["observed"],
            steps=tuple(Step.from_json(each) for each in facts["steps"]),
            commands=tuple(facts["curl"]),
            role=facts["role"],
            seed=facts["seed"],
            times=facts["times"],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as trouble:
        raise InvocationError(
            f"{path} cannot be read as a finding ({trouble}). `udckit explore TARGET` writes them "
            "into udckit-report/findings."
        ) from trouble


def cause_of(breach: Breach, shown: Exchange) -> str:
    """Name what two findings of one cause have in common: row, operation, answer, what was wrong.

    Two inputs at which an operation answers the same status for the same row are one cause until
    a person has mended the first.
    """
    path = shown.request.target.split("?")[0]
    place = re.sub(r"(/services/by-name|/services|/tasks)/.+", r"\1/{…}", path)
    status = shown.trouble if shown.answer is None else str(shown.answer.status)
    wanted = _QUOTED.sub("…", breach.expected)
    return f"{breach.rows[0]} {shown.request.method} {place} {status} {wanted}"


def _steps(led: Sequence[Exchange]) -> list[Step]:
    """Give the requests; what a later one took from an earlier answer is said so."""
    steps: list[Step] = []
    for exchange in led:
        step = Step.of(exchange)
        for place, given, name in _given(led[: len(steps)]):
            if step.target.endswith(f"/{given}"):
                head = step.target.removesuffix(given)
                step = replace(step, target=f"{head}{{step {place} {name}}}")
        steps.append(step)
    return steps


def _given(led: Sequence[Exchange]) -> list[tuple[int, str, str]]:
    found = []
    for place, exchange in enumerate(led, start=1):
        seen = Observation(exchange, Tally())
        for name in _GIVEN:
            value = seen.member(name)
            if isinstance(value, str | int) and value != "":
                found.append((place, str(value), name))
    return found


def _commands(led: Sequence[Exchange]) -> list[str]:
    """Give the commands of a shell; what an answer gave goes on in a variable."""
    commands = [curl(exchange) for exchange in led]
    for place, given, name in _given(led[:-1]):
        variable = f"{name.upper()}_{place}"
        if any(command.endswith(f"/{given}") for command in commands[place:]):
            read = f'import json,sys; print(json.load(sys.stdin)["{name}"])'
            asked = commands[place - 1].replace("curl -i", "curl -s", 1)
            commands[place - 1] = f"{variable}=$({asked} | python3 -c '{read}')"
            commands[place:] = [
                each.removesuffix(given) + f"${variable}" if each.endswith(f"/{given}") else each
                for each in commands[place:]
            ]
    return commands
