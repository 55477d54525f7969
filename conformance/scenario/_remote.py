"""Fakes of another process as a scenario sees them: their journals, and what a Registry knows."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from udckit.conformance.redaction import TokenFacts
from udckit.fakes import JournalEntry, RemoteFake, token_ref
from udckit.fakes._http import Headers

__all__ = ["RemoteJournal", "RemoteRegistry"]

_PAGE: Final = 1000


class RemoteJournal:
    """The journal of a fake, as its control API tells it: a token is `<token:t…>` from the start.

    `refresh` reads what is new, and again what had no answer yet.
    """

    def __init__(self, fake: RemoteFake) -> None:
        self._fake = fake
        self._entries: dict[int, JournalEntry] = {}
        self._read = 0
        self.tokens: dict[str, TokenFacts] = {}
        """What each token in it is, by its placeholder."""

    def __iter__(self) -> Iterator[JournalEntry]:
        return iter([self._entries[number] for number in sorted(self._entries)])

    def refresh(self) -> None:
        """Read on. Raises ControlError."""
        pending = [n for n, each in self._entries.items() if _is_pending(each)]
        since = min([self._read, *(number - 1 for number in pending)])
        while True:
            told = self._fake.journal(since=since, limit=_PAGE)
            for each in told["entries"]:
                entry = _entry(each)
                self._entries[entry.number] = entry
            self.tokens.update(_facts(told["tokens"]))
            since = int(told["next"])
            self._read = max(self._read, since)
            if len(told["entries"]) < _PAGE:
                return


class RemoteRegistry:
    """What scenarios ask of a Registry, asked through the control API. Raises ControlError."""

    def __init__(self, fake: RemoteFake, *journals: RemoteJournal) -> None:
        self.url = fake.url
        self._fake = fake
        self._journals = journals

    def signed_by(self, token: str) -> str | None:
        """Say `authority` for a token that this Registry signed, as far as a journal shows it."""
        facts = self._known(token)
        return facts.signed_by if facts is not None and facts.signed_by != "unknown" else None

    def issued_as(self, token: str) -> str | None:
        """Say what a token was issued for."""
        facts = self._known(token)
        return None if facts is None else facts.issued_as

    def mint(self, *, service_id: int, service_name: str) -> str:
        """Give a token of a registered service."""
        return self._fake.mint(service_id=service_id, service_name=service_name)

    def _known(self, token: str) -> TokenFacts | None:
        placeholder = f"<token:{token_ref(token)}>"
        told = (each.tokens.get(placeholder) for each in self._journals)
        return next((facts for facts in told if facts is not None), None)


def _is_pending(entry: JournalEntry) -> bool:
    return entry.answered is None and entry.released is None


def _entry(told: Mapping[str, Any]) -> JournalEntry:
    raw = [
        (k.encode("latin-1", "replace"), v.encode("latin-1", "replace")) for k, v in told["headers"]
    ]
    plain = ("number", "time", "fake", "method", "path", "query", "operation", "answered")
    more = ("identity", "client", "refusal", "fault", "released")
    return JournalEntry(
        **{name: told[name] for name in (*plain, *more)},
        headers=Headers(raw),
        body=_body(told["body"]),
        problems=tuple(told["problems"]),  # as text, which is all that anybody makes of them
        response=_body(told["response"]),
    )


def _body(told: Any) -> bytes:
    match told:
        case {"json": value}:
            return json.dumps(value).encode()
        case {"text": str(text)}:
            return text.encode()
        case {"base64": str(text)}:
            return base64.b64decode(text)
    return b""


def _facts(told: Mapping[str, Any]) -> Iterator[tuple[str, TokenFacts]]:
    for ref, each in told.items():
        signer = "unknown" if each["signed_by"] is None else "authority"
        yield (
            f"<token:{ref}>",
            TokenFacts(ref, each["header"], each["claims"], signer, each["issued_as"]),
        )
