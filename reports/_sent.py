"""What the target itself sent, as the scenarios of a record heard it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from udckit.conformance import RunRecord

__all__ = ["Sent", "sent"]

_TOKEN: Final = re.compile(r"<token:(t\d+)>")


@dataclass(frozen=True, slots=True)
class Sent:
    """One call of the target's: to which fake, what, and the tokens that it carried.

    A token is the facts that the record keeps of it: its header, its claims, who signed it.
    """

    fake: str
    method: str
    path: str
    body: Any
    tokens: tuple[Mapping[str, Any], ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path}, sent to the {self.fake}"


def sent(record: RunRecord) -> Iterator[Sent]:
    """Give every call that the target made, scenario by scenario; none where none was played."""
    lines = list(record.lines("scene"))
    tokens = {_key(line, line["ref"]): line for line in lines if line["what"] == "token"}
    for line in lines:
        if line["what"] != "call":
            continue
        fact = line["fact"]
        refs = _TOKEN.findall(json.dumps(fact["headers"]))
        known = (tokens.get(_key(line, each)) for each in dict.fromkeys(refs))
        yield Sent(
            fake=str(fact["fake"]),
            method=str(fact["method"]),
            path=str(fact["path"]),
            body=_json(fact["body"]),
            tokens=tuple(each for each in known if each is not None),
        )


def _key(line: Mapping[str, Any], ref: str) -> tuple[str, str, str]:
    """Name a token: each playing of each scenario counts its own."""
    return line["scenario"], line["clock"], ref


def _json(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
