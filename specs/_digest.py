"""What a row means, and what a file holds, as sha256."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

FACTS = (
    "id",
    "text",
    "level",
    "reason",
    "roles",
    "stage",
    "gate",
    "source",
    "readings",
    "observe",
    "needs",
    "checklist",
    "excluded",
)
"""What a row means. Its `fix` is advice, and may be reworded."""


def meaning(row: Mapping[str, Any]) -> str:
    """Digest what one requirement means."""
    return of_text(json.dumps([row[fact] for fact in FACTS], ensure_ascii=False))[:16]


def together(digests: Mapping[str, str]) -> str:
    """Digest a set of digests, whatever their order."""
    return of_text("\n".join(f"{name} {digest}" for name, digest in sorted(digests.items())))


def of_text(text: str) -> str:
    """Digest a text as UTF-8."""
    return of_bytes(text.encode())


def of_bytes(data: bytes) -> str:
    """Digest bytes."""
    return hashlib.sha256(data).hexdigest()
