"""Refuses what would make the documents blind or loose: `python -m udckit.specs._lint`."""

import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from udckit.specs._compile import requirements
from udckit.specs._compiled import ROOM
from udckit.specs._nodes import Document, advised, objects, operations, schemas
from udckit.specs._problem import Judge, resolve

CLOSED: Mapping[tuple[str, str], frozenset[str]] = {
    ("Health", "status"): frozenset({"healthy", "degraded", "unhealthy"}),  # UDC-HEALTH-002
    ("State", "status"): frozenset({"active", "inactive", "error"}),  # UDC-STATE-002
    ("State", "mode"): frozenset(
        {"production", "development", "maintenance", "staging"}
    ),  # CONF-18
    ("Receipt", "status"): frozenset({"processing", "completed", "failed"}),  # UDC-MSG-002
    ("Heartbeat", "status"): frozenset({"active", "inactive", "error"}),  # ORCH-CLIENT-005
}
"""The word lists that the contract closes, by schema and member."""

_WORDS = frozenset({"message_type", "method", "mode", "priority", "status", "type"})
_IN_WORDS = ("pattern", "anyOf", "oneOf", "not")
_ALWAYS = frozenset({"500", "503", "4XX", "5XX"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the lint refuses, and what to do about it."""

    document: str
    at: str
    says: str

    def __str__(self) -> str:
        return f"{self.document}.yaml {self.at}: {self.says}"


def findings(documents: Mapping[str, Document], ids: Collection[str]) -> list[Finding]:
    """Lint the documents by surface name against the ids of the catalogue."""
    found = [
        Finding(name, at, says)
        for name, document in documents.items()
        for rule in _RULES
        for at, says in rule(document)
    ]
    found += [
        Finding(name, at, f"{id_} is no row of the catalogue")
        for name, document in documents.items()
        for at, node in objects(document)
        for id_ in node.get("x-requirements", ())
        if id_ not in ids
    ]
    return found + list(_shared(documents))


def _requires(document: Document) -> Iterator[tuple[str, str]]:
    for at, node in schemas(document):
        types = node.get("type")
        is_object = "object" in ([types] if isinstance(types, str) else types or ())
        if at.endswith("/x-should") or (not is_object and "properties" not in node):
            continue
        if "required" not in node:
            yield at, "an object says what it requires; an empty list takes its reason in x-open"
        elif not node["required"] and not node.get("x-open"):
            yield at, "an object that requires nothing says why in x-open"


def _closes(document: Document) -> Iterator[tuple[str, str]]:
    components = document["components"]["schemas"]
    for (component, member), words in CLOSED.items():
        if component in components:
            node = resolve(document, components[component]["properties"].get(member, {}))
            if set(node.get("enum", ())) != words:
                at = f"/components/schemas/{component}/properties/{member}"
                yield at, f"the contract closes this list: {', '.join(sorted(words))}"
    for at, node in schemas(document):
        of, _, name = at.rpartition("/")
        if name in _WORDS and of.endswith("/properties"):
            told = {"enum", "const", "x-open"} & set(resolve(document, node))
            if not told:
                yield at, "a word list is closed by enum, or says why not in x-open"


def _stays_open(document: Document) -> Iterator[tuple[str, str]]:
    for at, node in schemas(document):
        if node.get("additionalProperties") is False or node.get("unevaluatedProperties") is False:
            yield at, "unknown members are allowed everywhere"


def _speaks(document: Document) -> Iterator[tuple[str, str]]:
    for at, node in schemas(document):
        for keyword in _IN_WORDS:
            if keyword in node and "x-says" not in node:
                yield at, f"{keyword} needs x-says: nobody reads it out"
        if "x-should" in node and not {"x-requirements", "x-why"} & set(node["x-should"]):
            yield at, "x-should names its row in x-requirements, or its reason in x-why"


def _errors(document: Document) -> Iterator[tuple[str, str]]:
    for at, path, node in operations(document):
        security = node.get("security", document.get("security", []))
        wanted = set(_ALWAYS)
        if security:
            wanted |= {"401"}
        if security and {} not in security:
            wanted |= {"403"}
        if "requestBody" in node:
            wanted |= {"400", "422"}
        if "{" in path:
            wanted |= {"404"}
        if missing := wanted - set(node["responses"]):
            yield at, f"an operation names its error responses: {', '.join(sorted(missing))}"


def _links(document: Document) -> Iterator[tuple[str, str]]:
    fed = {
        (link.get("operationId"), parameter)
        for _, _, node in operations(document)
        for response in node["responses"].values()
        for link in resolve(document, response).get("links", {}).values()
        for parameter in link.get("parameters", {})
    }
    for at, _, node in operations(document):
        for parameter in node.get("parameters", ()):
            name = parameter["name"]
            if parameter["in"] == "path" and (node["operationId"], name) not in fed:
                yield at, f"nothing links to {{{name}}}: no response says where the id comes from"


def _shows(document: Document) -> Iterator[tuple[str, str]]:
    for at, _, node in operations(document):
        bodies = {"requestBody": node.get("requestBody", {}), **node["responses"]}
        for part, holder in bodies.items():
            content = resolve(document, holder).get("content", {})
            for media_type, media in content.items():
                here = f"{at}/{part}/{media_type}"
                yield from ((here, says) for says in _examples(document, media))


def _examples(document: Document, media: Document) -> Iterator[str]:
    if not media.get("examples"):
        yield "a body has an example"
    best = Judge(advised(media["schema"]), advised(document))
    for index, (name, example) in enumerate(media.get("examples", {}).items()):
        value = resolve(document, example)["value"]
        for problem in Judge(media["schema"], document).problems(value):
            yield f"example {name} does not keep its own schema: {problem}"
        for problem in best.problems(value) if index == 0 else ():
            yield f"example {name} comes first and is not the recommended form: {problem}"


def _shared(documents: Mapping[str, Document]) -> Iterator[Finding]:
    known: dict[tuple[str, str], Any] = {}
    operation_ids: set[str] = set()
    for name, document in documents.items():
        for kind, parts in document["components"].items():
            for part, node in parts.items():
                if known.setdefault((kind, part), node) != node:
                    at = f"/components/{kind}/{part}"
                    yield Finding(name, at, "one name means one thing in every document")
        for at, _, node in operations(document):
            if node["operationId"] in operation_ids:
                yield Finding(name, at, "an operationId belongs to one operation alone")
            operation_ids.add(node["operationId"])


_RULES: tuple[Callable[[Document], Iterator[tuple[str, str]]], ...] = (
    _requires,
    _closes,
    _stays_open,
    _speaks,
    _errors,
    _links,
    _shows,
)


def main() -> int:
    """Lint the documents beside this file; 1 where there is something to refuse."""
    documents = {
        path.stem: yaml.safe_load(path.read_text("utf-8"))
        for path in sorted(ROOM.glob("openapi/*.yaml"))
    }
    found = findings(documents, {row["id"] for row in requirements()})
    for finding in found:
        sys.stderr.write(f"{finding}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
