"""The table of the comparison says where the kit is behind, by the numbers alone."""

from __future__ import annotations

from benchmarks.peers.contenders import Found
from benchmarks.peers.table import Row, table


def row(name: str, found: int, requests: int) -> Row:
    seen = Found(frozenset(), wall=1.0, cpu=1.0)
    return Row(name, "what it is", [(number < found, requests, seen) for number in range(10)], {})


def told(*rows: Row) -> str:
    return " ".join(table(rows, "flask_metrics", 60.0, 2).split())


def test_peer_that_needs_fewer_requests_is_named() -> None:
    page = told(row("udckit", 10, 900), row("other", 2, 20), row("third", 0, 5))

    assert "udckit is ahead of every peer in detection." in page
    assert "not ahead in requests a fault: other (100) need fewer than its 900." in page


def test_peer_that_finds_as_much_is_named() -> None:
    ours = row("udckit", 5, 9)

    assert "Not ahead in detection of other." in told(ours, row("other", 5, 99))
    assert "None finds a fault with fewer requests." in told(ours, row("other", 1, 9))
