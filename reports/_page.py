"""A page of styled lines: wrapped with a hanging indent, coloured only where that is wanted."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

from udckit.reports._printable import spellable

__all__ = ["Page", "Span", "styled"]

Span = tuple[str, str]
"""Text, and the style that it has on a terminal that shows colours."""

_NARROWEST: Final = 60


def styled(*spans: str | Span) -> Text:
    """Join plain text and spans. Nothing in them is read as markup."""
    text = Text()
    for span in spans:
        if isinstance(span, str):
            text.append(span)
        else:
            text.append(span[0], span[1])
    return text


class Page:
    """Lines of at most `width` columns, as they will stand on the screen."""

    def __init__(self, width: int) -> None:
        self.width = max(width, _NARROWEST)
        self._console = Console(width=self.width, file=io.StringIO(), highlight=False)
        self._lines: list[Text] = []

    def blank(self) -> None:
        """Leave a line free, never two."""
        if self._lines and self._lines[-1].plain:
            self._lines.append(Text())

    def line(self, *spans: str | Span, indent: int = 0, hang: int = 0) -> None:
        """Write text; where it wraps, its later lines are indented by `hang` columns more."""
        whole = styled(*spans)
        first = whole.wrap(self._console, max(self.width - indent, 1))
        if len(first) <= 1 or not hang:
            self._put(first, indent, indent)
            return
        width = max(self.width - indent - hang, 1)
        rest = whole[len(first[0].plain) :]
        rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
        self._put([first[0]], indent, indent)
        self._put(rest.wrap(self._console, width), indent + hang, indent + hang)

    def labelled(self, label: Span, *spans: str | Span, indent: int, width: int) -> None:
        """Write a label in a column of `width`, and text beside it that wraps in its own."""
        lines = styled(*spans).wrap(self._console, max(self.width - indent - width, 1))
        name = styled(" " * indent, label)
        name.pad_right(max(indent + width - len(name.plain), 0))
        for number, each in enumerate(lines):
            start = name if number == 0 else Text(" " * (indent + width))
            self._lines.append(_trimmed(start + each))

    def flow(
        self, label: Span, items: Iterable[Sequence[Span]], *, indent: int, width: int
    ) -> None:
        """Write a label and items beside it, as many on a line as fit; none of them is broken."""
        start = styled(" " * indent, label)
        start.pad_right(max(indent + width - start.cell_len, 0))
        line = start
        for item in (styled(*spans) for spans in items):
            fresh = line.cell_len <= indent + width
            if not fresh and line.cell_len + 2 + item.cell_len > self.width:
                self._lines.append(line)
                line, fresh = Text(" " * (indent + width)), True
            line = line + item if fresh else line + Text("  ") + item
        self._lines.append(line)

    def unbroken(self, label: Span, text: str, *, indent: int, width: int) -> None:
        """Write a label and text that is copied as a whole, and so is never wrapped here."""
        name = styled(" " * indent, label)
        name.pad_right(max(indent + width - len(name.plain), 0))
        self._lines.append(_trimmed(name + Text(text)))

    def render(self, *, colour: bool, encoding: str | None) -> str:
        """Give the whole page as text, with the escape codes of a terminal where asked."""
        out = io.StringIO()
        console = Console(
            file=out,
            width=10_000_000,
            color_system="standard" if colour else None,
            force_terminal=colour,
            no_color=not colour,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=True,
        )
        for line in self._lines:
            console.print(line, soft_wrap=True)
        return spellable(out.getvalue(), encoding)

    def _put(self, lines: Iterable[Text], first: int, later: int) -> None:
        for number, each in enumerate(lines):
            self._lines.append(_trimmed(Text(" " * (later if number else first)) + each))


def _trimmed(text: Text) -> Text:
    text.rstrip()
    return text
