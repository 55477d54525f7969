"""What a test waits for in a journal, and what it is told when it never came."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from udckit.fakes.secrets import masked

if TYPE_CHECKING:
    from udckit.fakes.journal import JournalEntry

__all__ = ["Expectation", "NotSeenError"]

_SHOWN = 3
_CUT = 120


class NotSeenError(AssertionError):
    """A request that was waited for did not come; the message shows the nearest that did."""


class Expectation:
    """A predicate, or fields that an entry must have; `json` asks for members of the body."""

    def __init__(
        self, predicate: "Callable[[JournalEntry], bool] | None", wanted: Mapping[str, Any]
    ) -> None:
        unknown = sorted(set(wanted) - set(_fields()))
        if unknown:
            known = ", ".join(_fields())
            raise TypeError(f"a journal entry has no {', '.join(unknown)}; it has {known}")
        self._predicate = predicate
        self._wanted = wanted

    def met_by(self, entry: "JournalEntry") -> bool:
        if self._predicate is not None and not self._predicate(entry):
            return False
        return not self._differences(entry)

    def explain(self, entries: "Sequence[JournalEntry]", seconds: float, dropped: int) -> str:
        """Say what was expected and which request came nearest."""
        lines = [f"expected  {self}, within {seconds:g} s"]
        if not entries:
            lines.append("observed  no request at all")
        elif self._wanted:
            nearest = min(reversed(entries), key=self._distance)
            lines.append(f"observed  {len(entries)} other requests; the nearest: {nearest}")
            lines += [f"          {line}" for line in self._differences(nearest)]
        else:
            lines.append(f"observed  {len(entries)} requests, none that fits; the last:")
            lines += [f"          {entry}" for entry in entries[-_SHOWN:]]
        if dropped:
            lines.append(f"note      the journal dropped {dropped} older entries")
        return "\n".join(lines)

    def __str__(self) -> str:
        parts = [f"{name}={_short(value)}" for name, value in self._wanted.items()]
        if self._predicate is not None:
            name = getattr(self._predicate, "__name__", "the predicate")
            parts.insert(0, f"a request that fits {name}")
        return ", ".join(parts) or "any request"

    def _distance(self, entry: "JournalEntry") -> tuple[int, int]:
        differences = self._differences(entry)
        elsewhere = "path" in self._wanted and entry.path != self._wanted["path"]
        return (int(elsewhere), len(differences))

    def _differences(self, entry: "JournalEntry") -> list[str]:
        found = []
        for name, value in self._wanted.items():
            seen = getattr(entry, name)
            if name == "json" and isinstance(value, Mapping):
                found += _members(value, seen)
            elif seen != value:
                found.append(f"{name}: expected {_short(value)}, observed {_short(seen)}")
        return found


def _members(wanted: Mapping[str, Any], seen: object) -> list[str]:
    if not isinstance(seen, Mapping):
        return [f"json: expected an object, observed {_short(seen)}"]
    return [
        f"json.{name}: expected {_short(value)}, observed {_short(seen.get(name))}"
        for name, value in wanted.items()
        if name not in seen or seen[name] != value
    ]


def _short(value: object) -> str:
    text = masked(repr(value))
    return text if len(text) <= _CUT else f"{text[:_CUT]}…"


def _fields() -> tuple[str, ...]:
    return (
        "answered",
        "client",
        "fake",
        "fault",
        "identity",
        "json",
        "method",
        "number",
        "operation",
        "path",
        "query",
        "refusal",
        "token",
    )
