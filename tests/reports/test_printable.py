from __future__ import annotations

import string

import pytest

from udckit.reports import one_line, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Ünïcödé ✓ 漢字", "Ünïcödé ✓ 漢字"),
        ("a\nb", r"a\nb"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\x7f\x9b", r"\x7f\x9b"),
        ("\u202e", r"\u202e"),
        ("\u2028", r"\u2028"),
        ("\ud800", r"\ud800"),
        ("\U000e0001", r"\U000e0001"),
    ],
)
def test_signs_that_a_terminal_acts_on_are_spelled_out(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_every_sign_of_a_range_comes_out_harmless() -> None:
    everything = "".join(map(chr, range(0x3000)))

    assert printable(everything).isprintable()
    assert printable(string.printable.strip()) == string.printable.strip()


def test_one_line_has_no_break_and_no_runs_of_blanks() -> None:
    assert one_line("  a \r\n\t b\u2029c ") == "a b c"
