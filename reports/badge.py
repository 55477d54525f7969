"""An SVG badge that carries its date, and turns grey when its run is too old to be believed.

A picture cannot look at a clock where a README shows it, so age is reckoned when the badge is
written: write it again each night, and it is grey on the day it should be. Nothing of the target's
stands in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from udckit.reports._account import Account, account_of
from udckit.reports._format import Files, Format, Run
from udckit.reports._seen import ended, utc

__all__ = ["FORMAT", "FRESH_DAYS", "badge"]

FRESH_DAYS: Final = 90
"""Days for which a run is believed; a certificate lasts as long unless it says otherwise."""

_A_DAY: Final = 86_400
_COLOURS: Final = {
    "certified": "#1a7f4b",
    "failed": "#c4320a",
    "incomplete": "#96690a",
    "nothing": "#5b6472",
}
_GREY: Final = "#70757d"
_PAD: Final = 12
_NARROW: Final = frozenset("iljtfrI1.,: |·()")
_WIDE: Final = frozenset("mwMW")

_SVG: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="22" viewBox="0 0 {width} 22" \
role="img" aria-label="{label}: {told}">
<title>{label}: {told}</title>
<clipPath id="r"><rect width="{width}" height="22" rx="5"/></clipPath>
<g clip-path="url(#r)">
<rect width="{left}" height="22" fill="#2b303b"/>
<rect x="{left}" width="{right}" height="22" fill="{colour}"/>
</g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11" \
text-anchor="middle">
<text x="{label_at}" y="15" textLength="{label_long}">{label}</text>
<text x="{told_at}" y="15" textLength="{told_long}">{told}</text>
</g>
</svg>
"""


def badge(account: Account, today: float) -> str:
    """Draw the badge of a run, as it looks at a moment."""
    moment = ended(account.record)
    days = int((today - moment) // _A_DAY)
    word, told = _said(account)
    day = utc(moment)[:10]
    colour = _COLOURS[word]
    told = f"{told} · {day}"
    if days > FRESH_DAYS:
        colour = _GREY
        told += f" · {days} days old"
    return _drawn(f"UDC {account.record.header['edition']}", told, colour)


def _said(account: Account) -> tuple[str, str]:
    """Give the word that colours the badge, and what it says."""
    words = account.words
    by_word = {
        word: [stage for stage, each in words.items() if each == word]
        for word in ("failed", "incomplete", "certified")
    }
    for word in ("failed", "incomplete"):
        if by_word[word]:
            return word, f"{', '.join(by_word[word])} {word}"
    if by_word["certified"]:
        return "certified", f"{', '.join(by_word['certified'])} certified"
    return "nothing", "no stage judged"


def _drawn(label: str, told: str, colour: str) -> str:
    label_long, told_long = _long(label), _long(told)
    left, right = label_long + _PAD, told_long + _PAD
    return _SVG.format(
        width=left + right,
        left=left,
        right=right,
        colour=colour,
        label=escape(label),
        told=escape(told),
        label_at=left / 2,
        told_at=left + right / 2,
        label_long=label_long,
        told_long=told_long,
    )


def _long(text: str) -> int:
    """Reckon how long text is, about; `textLength` makes it exactly that."""
    points = sum(4.4 if sign in _NARROW else 9.6 if sign in _WIDE else 6.9 for sign in text)
    return round(points)


def _write(runs: Sequence[Run], today: float) -> Files:
    return {"badge.svg": badge(account_of(runs[0].record), today).encode("utf-8")}


FORMAT: Final = Format("badge", "an SVG badge with its date", "badge.svg", _write)
