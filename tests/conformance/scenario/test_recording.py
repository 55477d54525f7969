"""Parts of a recording: what lies between two notes."""

from udckit.conformance.scenario import Exit, Noted, Recording


def test_exit_in_the_moment_of_the_next_start_is_of_the_one_before() -> None:
    first, second = Noted(1, 2.0, "first", {}), Noted(2, 4.496, "second", {})
    ended = Exit(1, 4.496, 2, asked=False)
    seen = Recording("environments", "real", 0.0, notes=(first, second), exits=(ended,))

    assert seen.part("first", "second").exits == (ended,)
    assert seen.part("second").exits == ()
