"""What a check sees of one exchange: read from the redacted facts, live and replayed alike."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from udckit.conformance.exchange import Exchange
from udckit.conformance.forge import Recipe

__all__ = ["MISSING", "Observation", "Tally", "quote"]

_NOT_SERVED: Final = frozenset({404, 405, 410, 501, *range(300, 400)})
_QUOTED = 200
_LONG_NUMBER = 4_000


class _Missing:
    """The value of a member that is not there."""

    def __repr__(self) -> str:
        return "nothing"


MISSING: Final = _Missing()


@dataclass(slots=True)
class Tally:
    """Counts the subjects of one check: each exchange at most once."""

    judged: set[int] = field(default_factory=set)


class Observation:
    """One exchange as a check reads it. Everything is computed when it is first asked for."""

    __slots__ = ("_headers", "_json", "exchange", "recipe", "tally")

    def __init__(self, exchange: Exchange, tally: Tally, recipe: Recipe | None = None) -> None:
        self.exchange = exchange
        self.tally = tally
        self.recipe = recipe
        """What was forged for it; None for an ordinary request."""
        self._headers: dict[str, list[str]] | None = None
        self._json: tuple[Any, str | None] | None = None

    @property
    def number(self) -> int:
        """The exchange's place in the run record."""
        return self.exchange.number

    @property
    def answered(self) -> bool:
        """True where a whole HTTP answer came back."""
        return self.exchange.answer is not None

    @property
    def status(self) -> int | None:
        """The status code; None without an answer."""
        return None if self.exchange.answer is None else self.exchange.answer.status

    @property
    def served(self) -> bool:
        """True where something answers at this path and method: no 404, 405, 501, no redirect."""
        return self.status is not None and self.status not in _NOT_SERVED

    @property
    def seconds(self) -> float:
        """How long the answer took, to the last byte."""
        return self.exchange.seconds

    @property
    def at(self) -> float:
        """The kit's clock when the request left, in seconds since the epoch."""
        return self.exchange.at

    @property
    def call(self) -> str:
        """Method and path, as a reader names the exchange."""
        target = self.exchange.request.target
        return (
            f"{self.exchange.request.method} {target if len(target) <= 80 else target[:77] + '…'}"  # noqa: PLR2004 - a line's worth
        )

    def headers(self, name: str) -> list[str]:
        """Give every value of a header of the answer, in order."""
        if self._headers is None:
            self._headers = {}
            for key, value in self.exchange.answer.headers if self.exchange.answer else ():
                self._headers.setdefault(key.lower(), []).append(value)
        return self._headers.get(name.lower(), [])

    def header(self, name: str) -> str | None:
        """Give a header's value, several joined as HTTP joins them; None where it is absent."""
        values = self.headers(name)
        return ", ".join(values) if values else None

    @property
    def media_type(self) -> str:
        """The media type without its parameters, lower case; empty where none was sent."""
        return (self.header("content-type") or "").split(";")[0].strip().lower()

    @property
    def claims_json(self) -> bool:
        """True where the answer says of itself that it is JSON."""
        return self.media_type == "application/json" or self.media_type.endswith("+json")

    @property
    def text(self) -> str:
        """The body as text; what is not UTF-8 is replaced."""
        answer = self.exchange.answer
        if answer is None:
            return ""
        if answer.encoding == "text":
            return answer.body
        return base64.b64decode(answer.body).decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        """The body as JSON, or MISSING where it is none; `json_trouble` says why."""
        return self._parsed()[0]

    @property
    def json_trouble(self) -> str | None:
        """Why the body is no JSON; None where it is."""
        return self._parsed()[1]

    def member(self, name: str) -> Any:
        """Give a member of the body, MISSING where body or member are not there."""
        body = self.json
        return body.get(name, MISSING) if isinstance(body, dict) else MISSING

    def _parsed(self) -> tuple[Any, str | None]:
        if self._json is None:
            self._json = _parse(self.exchange)
        return self._json

    def __repr__(self) -> str:
        return f"<{self.call} → {self.status or self.exchange.trouble}>"


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _parse(exchange: Exchange) -> tuple[Any, str | None]:
    answer = exchange.answer
    if answer is None:
        return MISSING, exchange.trouble_in_words
    trouble = None
    if answer.truncated:
        trouble = f"the body is longer than the {len(answer.body)} characters that were read"
    elif answer.encoding != "text":
        trouble = "the body is not UTF-8"
    elif answer.body.startswith("\ufeff"):
        trouble = "the body begins with a byte order mark"
    elif not answer.body:
        trouble = "the body is empty"
    return (MISSING, trouble) if trouble else _load(answer.body)


def _load(text: str) -> tuple[Any, str | None]:
    """Read JSON strictly: no NaN, no Infinity; integers of any length."""
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_int=_whole), None
    except RecursionError:
        return MISSING, "the body is nested too deep"
    except ValueError as trouble:
        return MISSING, f"{trouble}"


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < _LONG_NUMBER else float(digits)


def quote(value: Any) -> str:
    """Quote a value as a message does: as JSON where it is, cut short."""
    if value is MISSING:
        return "nothing"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"
