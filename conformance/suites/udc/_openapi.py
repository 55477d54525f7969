"""What an OpenAPI document says: its routes, and by the one door to its validator, if it is one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

__all__ = ["Route", "foreign_reference", "invalidity", "plain", "routes"]

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PLACEHOLDER: Final = re.compile(r"\{[^}/]*\}|<[^>/]*>|(?<=/):[^/]+|\*+")
_PLACE: Final = "{}"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation; `paths` has its path as written, and below the path of each server."""

    method: str
    paths: tuple[str, ...]


def routes(document: Mapping[str, Any]) -> Iterator[Route]:
    """Give every operation of a document, however broken the rest of it is."""
    paths = document.get("paths")
    prefixes = ["", *_server_paths(document)]
    for path, item in paths.items() if isinstance(paths, dict) else ():
        for method in _METHODS:
            if isinstance(item, dict) and method.lower() in item:
                yield Route(method, tuple(prefix + path for prefix in prefixes))


def _server_paths(document: Mapping[str, Any]) -> Iterator[str]:
    servers = document.get("servers")
    for server in servers if isinstance(servers, list) else ():
        url = server.get("url") if isinstance(server, dict) else None
        path = urlsplit(url).path.rstrip("/") if isinstance(url, str) and "[" not in url else ""
        if path:
            yield path


def plain(path: str) -> str:
    """Write a path so that two spellings of one route are alike: `/a/:id/` is `/a/{}`."""
    return _PLACEHOLDER.sub(_PLACE, path.split("?")[0]).rstrip("/") or "/"


def foreign_reference(document: Any) -> str | None:
    """Find a `$ref` that leads out of the document: the kit fetches none."""
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            target = node.get("$ref")
            if isinstance(target, str) and not target.startswith("#"):
                return target
            waiting.extend(node.values())
    return None


def invalidity(document: Mapping[str, Any]) -> str | None:
    """Say what makes a document no valid OpenAPI 3; None where nothing does.

    Raises:
        ValueError: the validator does not know its version, or cannot cope with it.
    """
    import openapi_spec_validator as validator  # noqa: PLC0415 - 0.6 s, only for a document
    from referencing.exceptions import Unresolvable  # noqa: PLC0415 - likewise

    try:
        validator.validate(document)
    except validator.validation.exceptions.OpenAPIValidationError as wrong:
        place = "/".join(str(step) for step in wrong.absolute_path)
        return f"{place or 'the document'}: {wrong.message}"
    except Unresolvable as wrong:
        return f"a $ref that leads nowhere: {wrong.ref}"
    except (
        validator.exceptions.OpenAPIError,
        RecursionError,
        TypeError,
        AttributeError,
        KeyError,
    ) as gave_up:
        raise ValueError(f"{type(gave_up).__name__} {gave_up}") from gave_up
    return None
