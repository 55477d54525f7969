"""What leaves the process keeps its facts and loses its secrets."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from udckit.fakes._strict_json import JsonError, strict_loads
from udckit.fakes._tokens import decode_unverified
from udckit.fakes.journal import JournalEntry
from udckit.fakes.secrets import masked

__all__ = ["Redaction", "token_ref"]

_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})

Asked = Callable[[str], str | None]


def token_ref(token: str) -> str:
    """Name a token by its digest, of which it cannot be made again: the same name everywhere."""
    digest = hashlib.sha256(token.encode()).digest()
    return f"t{int.from_bytes(digest[:6]):015d}"


def _nobody(_: str) -> str | None:
    return None


@dataclass(slots=True)
class Redaction:
    """Takes tokens out of an export and tells once what each of them is.

    A token becomes `<token:REF>`, the same REF wherever the same token stands, in every export of
    every fake. `tokens` holds, by REF, its header, its claims, the key that signed it and what it
    was issued as.
    """

    signed_by: Asked = _nobody
    issued_as: Asked = _nobody
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)

    def entry(self, entry: JournalEntry) -> dict[str, Any]:
        """A journal entry as JSON."""
        return {
            "number": entry.number,
            "time": entry.time,
            "fake": entry.fake,
            "method": entry.method,
            "path": self.text(entry.path),
            "query": self.text(entry.query),
            "headers": [self._header(name, value) for name, value in _decoded(entry)],
            "body": self.body(entry.body),
            "operation": entry.operation,
            "problems": [self.text(str(problem)) for problem in entry.problems],
            "answered": entry.answered,
            "identity": None if entry.identity is None else self.value(dict(entry.identity)),
            "client": entry.client,
            "refusal": entry.refusal,
            "response": self.body(entry.response),
            "fault": entry.fault,
            "released": entry.released,
        }

    def body(self, raw: bytes) -> Any:
        """A body as JSON: {"json": …}, {"text": …}, {"base64": …}, or None for an empty one."""
        if not raw:
            return None
        try:
            return {"json": self.value(strict_loads(raw))}
        except JsonError:
            pass
        try:
            return {"text": self.text(raw.decode())}
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(self.text(raw.decode("latin-1")).encode()).decode()}

    def value(self, value: Any) -> Any:
        """A JSON value with every string redacted, names too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, Mapping):
            return {self.text(name): self.value(item) for name, item in value.items()}
        return value

    def text(self, text: str) -> str:
        """A text with tokens, private keys and passwords in URLs replaced."""
        return masked(text, lambda token: f"<token:{self.ref(token)}>")

    def ref(self, token: str) -> str:
        """The reference of a token, whose facts are kept."""
        ref = token_ref(token)
        if ref not in self.tokens:
            decoded = decode_unverified(token)
            self.tokens[ref] = {
                "ref": ref,
                "header": None if decoded is None else dict(decoded.header),
                "claims": None if decoded is None else dict(decoded.claims),
                "signed_by": self.signed_by(token),
                "issued_as": self.issued_as(token),
            }
        return ref

    def _header(self, name: str, value: str) -> list[str]:
        shown = self.text(value)
        if name in _CREDENTIALS and shown == value:
            shown = f"{value.split(' ')[0][:20]} <secret>" if " " in value else "<secret>"
        return [name, shown]


def _decoded(entry: JournalEntry) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in entry.headers.raw]
