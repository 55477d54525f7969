"""A hostile text is masked in time that grows with its length, and no secret stays in it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from udckit.conformance import Redactor
from udckit.fakes.secrets import masked

HOSTILE = {
    "a word without end": "x",
    "beginnings of tokens": "eyJ",
    "beginnings of another kind": "ew0",
    "schemes": "a-b+",
}
TIMES = (8_000, 64_000)
MOST = 40.0
"""How many times as long eight times as much may take; a square would be sixty-four."""


def spent(read: Callable[[str], str], text: str) -> float:
    began = time.process_time()
    read(text)
    return max(time.process_time() - began, 0.002)


@pytest.mark.parametrize("word", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("read", [masked, Redactor().text], ids=["fakes", "kit"])
def test_hostile_text_costs_no_more_than_its_length(read: Callable[[str], str], word: str) -> None:
    short, long = (f"://@{word * (times // len(word))} ." for times in TIMES)

    assert min(spent(read, long) for _ in range(3)) < MOST * spent(read, short)


@pytest.mark.parametrize("before", ["", "Bearer ", "token=", "x_", "4eyJ-", "a."])
def test_token_is_masked_whatever_stands_before_it(before: str) -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl"  # noqa: S105 - of nobody

    told = masked(f"{before}{token} rest")

    assert "c2lnbmF0dXJl" not in told
    assert "eyJpc3MiOiJ4In0" not in told
    assert told.endswith(" rest")


def test_password_in_a_url_is_masked_whatever_its_scheme() -> None:
    for scheme in ("postgresql", "redis", "1http", "-a"):
        assert masked(f"at {scheme}://me:hidden@host/") == f"at {scheme}://me:<password>@host/"
