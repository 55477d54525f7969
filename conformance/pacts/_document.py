"""A pact file as it is read: its interactions, and the operations that they speak of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from udckit.conformance.errors import InvocationError
from udckit.conformance.pacts._older import as_v4
from udckit.specs import Operation, Surface, surface

__all__ = [
    "PROVIDERS",
    "Interaction",
    "PactFile",
    "kit_pacts",
    "pact_of",
    "read_pact",
    "surfaces_of",
]

PROVIDERS: Final = ("registry", "orchestrator", "droplet")
_SYNCHRONOUS: Final = "Synchronous/HTTP"
_MESSAGES: Final = "Asynchronous/Messages"
_KIT_FOLDER: Final = Path(__file__).parents[2] / "specs" / "pacts"


@dataclass(frozen=True, slots=True)
class Interaction:
    """One interaction of a pact file; `raw` is its JSON."""

    consumer: str
    provider: str
    raw: Mapping[str, Any]

    @property
    def description(self) -> str:
        return str(self.raw.get("description", ""))

    @property
    def is_message(self) -> bool:
        """True where the provider sends it of itself."""
        return self.raw.get("type") == _MESSAGES

    @property
    def states(self) -> tuple[str, ...]:
        return tuple(one["name"] for one in self.raw.get("providerStates", ()))

    @property
    def request(self) -> Mapping[str, Any]:
        return _object(self.raw.get("request"))

    @property
    def response(self) -> Mapping[str, Any]:
        """What the provider gives: an answer, or the contents that it sends."""
        return self.raw if self.is_message else _object(self.raw.get("response"))

    @property
    def wanted(self) -> Any:
        """The body that the provider should give; None where the consumer uses none."""
        holder = self.raw.get("contents") if self.is_message else self.response.get("body")
        return _object(holder).get("content")

    @property
    def status(self) -> int | str:
        """The status that it wants: a number, or a class such as `success`."""
        rules = _object(_object(self.response.get("matchingRules")).get("status"))
        for matcher in _object(rules.get("", rules)).get("matchers", ()):
            if matcher.get("match") == "statusCode":
                return str(matcher["status"])
        return int(self.response.get("status", 200))

    @property
    def says(self) -> tuple[str, ...]:
        """The requirements that its author says it leans on."""
        comments = _object(self.raw.get("comments"))
        return tuple(map(str, comments.get("requirements", ())))

    @property
    def requirements(self) -> tuple[str, ...]:
        """The requirements that it leans on; unsaid, those of its operation."""
        operation = self.operation
        return self.says or (() if operation is None else operation.requirements)

    @property
    def operation(self) -> Operation | None:
        """The operation of the contract that it speaks of, None where there is none."""
        named = _object(self.raw.get("comments")).get("operation")
        if self.is_message:
            found = (one.operations.get(str(named)) for one in map(surface, _EVERY))
            return next((one for one in found if one is not None), None)
        line = (str(self.request.get("method", "GET")), str(self.request.get("path", "/")))
        matches = (each.match(*line) for each in surfaces_of(self.provider))
        return next((found.operation for found in matches if found is not None), None)


_EVERY: Final = ("udc", "orchestrator", "registry")


@dataclass(frozen=True, slots=True)
class PactFile:
    """One consumer's contract with one provider, from a file."""

    path: Path
    consumer: str
    provider: str
    interactions: tuple[Interaction, ...]
    raw: Mapping[str, Any]

    @property
    def marks(self) -> Mapping[str, str]:
        """What the kit wrote into it: of a recording, how it came about, and its version."""
        return _object(_object(self.raw.get("metadata")).get("udckit"))

    def numbered(self, places: Iterable[int]) -> Mapping[str, Any]:
        """Give the document with these interactions alone, each called by its place.

        Pact knows an interaction by its description, of which there may be two alike.
        """
        kept = [{**self.interactions[n].raw, "description": str(n)} for n in places]
        return {**self.raw, "interactions": kept}


def read_pact(path: Path) -> PactFile:
    """Read a pact file of specification V4 or V3; raise InvocationError where it is none."""
    try:
        raw = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as trouble:
        raise InvocationError(f"{path} is no pact file: {trouble!r}") from trouble
    return pact_of(raw, path)


def pact_of(raw: Any, path: Path) -> PactFile:
    """Take a pact's JSON; `path` is what it is called in messages.

    Raises:
        InvocationError: it is no pact of specification V4 or V3.
    """
    try:
        raw = as_v4(raw)
        consumer, provider = raw["consumer"]["name"], raw["provider"]["name"]
        version = raw["metadata"]["pactSpecification"]["version"]
        interactions = tuple(Interaction(consumer, provider, one) for one in raw["interactions"])
        kinds = {one.raw.get("type") for one in interactions} - {_SYNCHRONOUS, _MESSAGES}
    except (AttributeError, KeyError, TypeError) as trouble:
        raise InvocationError(f"{path} is no pact file: {trouble!r}") from trouble
    if not str(version).startswith("4"):
        raise InvocationError(f"{path} is of pact specification {version}; udckit reads V4 and V3.")
    if kinds:
        raise InvocationError(f"{path} has interactions of a kind that udckit does not know.")
    return PactFile(path, consumer, provider, interactions, raw)


def kit_pacts(provider: str | None = None) -> Iterator[PactFile]:
    """Give the kit's own consumer contracts, of one provider or of all."""
    for path in sorted(_KIT_FOLDER.glob("*.json")):
        found = read_pact(path)
        if provider in {None, found.provider}:
            yield found


def surfaces_of(provider: str) -> tuple[Surface, ...]:
    """Give what a provider serves: a Registry and an Orchestrator are droplets too."""
    own = (surface(provider),) if provider in {"registry", "orchestrator"} else ()
    return (*own, surface("udc"))


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
