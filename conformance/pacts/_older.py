"""Pacts of specification V3, as many tools still write them, in the form of V4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["as_v4"]

_JSON: Final = "application/json"


def as_v4(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a pact of HTTP interactions in V3 as one in V4; any other comes back as it is.

    Raises:
        AttributeError, KeyError, TypeError: it is no pact.
    """
    metadata = raw["metadata"]
    said = metadata.get("pactSpecification") or metadata.get("pact-specification") or {}
    if not str(said.get("version", "")).startswith("3"):
        return raw
    return {
        **raw,
        "interactions": [_interaction(one) for one in raw["interactions"]],
        "metadata": {**metadata, "pactSpecification": {"version": "4.0"}},
    }


def _interaction(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        **raw,
        "type": "Synchronous/HTTP",
        "request": _part(raw["request"]),
        "response": _part(raw["response"]),
    }


def _part(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """V4 wraps a body, and says its type beside it."""
    if raw.get("body") is None:
        return {name: value for name, value in raw.items() if name != "body"}
    headers = {name.lower(): value for name, value in (raw.get("headers") or {}).items()}
    media = headers.get("content-type", _JSON)
    media = media[0] if isinstance(media, list) else media
    return {**raw, "body": {"content": raw["body"], "contentType": media, "encoded": False}}
