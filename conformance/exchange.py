"""One request and what came back, as facts: redacted, serialisable, the same live and replayed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Answer", "Exchange", "Request"]

Headers = tuple[tuple[str, str], ...]

_TROUBLES: Final = {
    "refused": "the connection was refused",
    "timeout": "no complete answer in time",
    "reset": "the connection was closed without an answer",
    "protocol": "what came back is not HTTP",
    "tls": "the TLS handshake failed",
    "unsent": "not asked",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What was sent; `body` is text, or base64 where `encoding` says so."""

    method: str
    target: str
    headers: Headers = ()
    body: str | None = None
    encoding: str = "text"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: bounded, so `truncated` says that there was more."""

    status: int
    headers: Headers
    body: str
    encoding: str = "text"
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with its answer, or with the trouble that stood in for one.

    `at` is the kit's clock when the request left (seconds since the epoch), `seconds` the time
    to the last byte. `trouble` is one of refused, timeout, reset, protocol, tls, unsent.
    """

    number: int
    base: str
    request: Request
    at: float
    seconds: float
    answer: Answer | None = None
    trouble: str | None = None
    detail: str = ""

    @property
    def trouble_in_words(self) -> str:
        """Say what happened instead of an answer, as a reader would."""
        words = _TROUBLES.get(self.trouble or "", "no answer")
        return f"{words} ({self.detail})" if self.detail else words

    def as_json(self) -> dict[str, Any]:
        """Give the facts as they stand in the run record."""
        facts: dict[str, Any] = {
            "kind": "exchange",
            "n": self.number,
            "at": self.at,
            "seconds": self.seconds,
            "base": self.base,
            "method": self.request.method,
            "target": self.request.target,
            "headers": [list(pair) for pair in self.request.headers],
        }
        if self.request.body is not None:
            facts["body"] = self.request.body
            if self.request.encoding != "text":
                facts["encoding"] = self.request.encoding
        if self.trouble is not None:
            facts["trouble"] = self.trouble
            facts["detail"] = self.detail
        if self.answer is not None:
            answer: dict[str, Any] = {
                "status": self.answer.status,
                "headers": [list(pair) for pair in self.answer.headers],
                "body": self.answer.body,
            }
            if self.answer.encoding != "text":
                answer["encoding"] = self.answer.encoding
            if self.answer.truncated:
                answer["truncated"] = True
            facts["answer"] = answer
        return facts

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Exchange:
        """Read the facts back; the exact inverse of `as_json`."""
        answer = facts.get("answer")
        return cls(
            number=facts["n"],
            base=facts["base"],
            request=Request(
                method=facts["method"],
                target=facts["target"],
                headers=_pairs(facts["headers"]),
                body=facts.get("body"),
                encoding=facts.get("encoding", "text"),
            ),
            at=facts["at"],
            seconds=facts["seconds"],
            answer=None
            if answer is None
            else Answer(
                status=answer["status"],
                headers=_pairs(answer["headers"]),
                body=answer["body"],
                encoding=answer.get("encoding", "text"),
                truncated=answer.get("truncated", False),
            ),
            trouble=facts.get("trouble"),
            detail=facts.get("detail", ""),
        )


def _pairs(headers: list[list[str]]) -> Headers:
    return tuple((name, value) for name, value in headers)
