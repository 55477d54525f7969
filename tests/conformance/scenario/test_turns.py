"""Turns come in the order that was kept, and are given back once."""

import threading
from concurrent.futures import ThreadPoolExecutor

from udckit.conformance.scenario.turns import Turns

LONG = 60.0


def test_who_is_expected_is_waited_for() -> None:
    turns, order, second_waits = Turns(1), [], threading.Event()
    for place in (0, 1):
        turns.expect(place)

    def take(place: int) -> None:
        if place == 1:
            second_waits.set()
        with turns.turn(place):
            order.append(place)

    with ThreadPoolExecutor(2) as pool:
        second = pool.submit(take, 1)
        second_waits.wait(LONG)
        first = pool.submit(take, 0)
        for each in (first, second):
            each.result(LONG)

    assert order == [0, 1]


def test_who_does_not_come_is_waited_for_no_more() -> None:
    turns = Turns(1)
    turns.expect(0)
    turns.expect(1)

    turns.forget(0)

    with turns.turn(1):
        pass


def test_a_turn_that_is_over_early_is_given_back_once() -> None:
    turns = Turns(1)

    with ThreadPoolExecutor(1) as pool:
        with turns.turn(0) as over:
            over()
            over()
            with turns.turn(1):
                third = pool.submit(_had_a_turn, turns)
                assert not third.done()
        assert third.result(LONG)


def _had_a_turn(turns: Turns) -> bool:
    with turns.turn(2):
        return True
