"""Parts of a recording: what lies between two notes."""

from udckit.conformance.heard import Line
from udckit.conformance.redaction import Redactor
from udckit.conformance.scenario import SCENARIOS, Exit, Noted, Recording
from udckit.conformance.scenario._taken import Notebook
from udckit.fakes import ManualClock


def test_exit_in_the_moment_of_the_next_start_is_of_the_one_before() -> None:
    first, second = Noted(1, 2.0, "first", {}), Noted(2, 4.496, "second", {})
    ended = Exit(1, 4.496, 2, asked=False)
    seen = Recording("environments", "real", 0.0, notes=(first, second), exits=(ended,))

    assert seen.part("first", "second").exits == (ended,)
    assert seen.part("second").exits == ()


def test_log_that_is_let_pass_is_kept_whole_and_one_without_end_is_bounded() -> None:
    book = Notebook("calm", ManualClock(), Redactor(), lambda _: None)
    longest = max(each.length for each in SCENARIOS.values() if "ERR-015" in each.serves)
    let_pass = int(100 * longest)

    book.lines([Line(float(n), "line") for n in range(let_pass)])
    assert len(book.recording({}, None).logged) == let_pass

    book.lines([Line(0.0, "x" * 60_000)] * 1_000)
    kept = book.recording({}, None).logged
    assert sum(len(each.text) for each in kept) < 20_000_000
