"""Which speed is chosen, and that a shim that does not hold is noticed on the target itself."""

import sys
import threading
from pathlib import Path

import pytest

from udckit.conformance.scenario import ProcessTarget
from udckit.conformance.scenario import speed as speeds
from udckit.conformance.scenario.shim import find_library
from udckit.conformance.scenario.speed import Speed, choose_speed, factor_for, slower

FLEET = Path(__file__).parents[2] / "fleet"
LIBRARY = find_library()
needs_library = pytest.mark.skipif(LIBRARY is None, reason="no libfaketime is installed")
ONE = f"{sys.executable} -m udckit.cli fakes droplet --port {{port}}"


def _chosen(wish: float | None, command: str) -> Speed:
    return choose_speed(
        wish, lambda: ProcessTarget(command, {}), startup=40.0, ended=threading.Event()
    )


def test_the_factor_falls_as_the_jitter_grows() -> None:
    assert [factor_for(each) for each in (0.0, 0.001, 0.1, 0.25)] == [20.0, 20.0, 10.0, 4.0]


def test_a_failure_is_repeated_more_slowly_only_where_that_is_much_slower() -> None:
    def factors(factor: float, library: Path | None) -> list[float]:
        return [each.factor for each in slower(Speed(factor, "", library))]

    assert factors(20.0, Path("library")) == [5.0, 1.0]
    assert factors(7.0, Path("library")) == [1.0]
    assert factors(1.0, None) == []


def test_real_time_is_what_a_speed_of_one_means() -> None:
    assert _chosen(1.0, "never started").factor == 1.0


def test_without_libfaketime_scenarios_are_played_in_real_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(speeds, "find_library", lambda: None)

    chosen = _chosen(None, "never started")

    assert chosen.factor == 1.0
    assert "no libfaketime is installed" in chosen.why


@needs_library
def test_a_target_that_follows_is_played_at_the_speed_that_was_wished() -> None:
    chosen = _chosen(30.0, ONE)

    assert (chosen.factor, chosen.library) == (30.0, LIBRARY)


@needs_library
def test_a_target_that_is_out_of_the_shims_reach_is_noticed_by_its_timestamp() -> None:
    chosen = _chosen(60.0, f"env -u LD_PRELOAD {ONE}")

    assert chosen.factor == 1.0
    assert "behind" in chosen.why


@needs_library
def test_a_beat_that_waits_on_an_event_is_noticed_where_the_shim_never_fires_it() -> None:
    chosen = _chosen(60.0, f"{sys.executable} {FLEET}/stdlib_threads/droplet.py {{port}}")

    assert chosen.factor == 60.0 or "no beat came" in chosen.why


@needs_library
def test_a_target_that_does_not_start_is_left_to_real_time() -> None:
    chosen = _chosen(60.0, f"{sys.executable} -c raise(SystemExit(3))")

    assert chosen.factor == 1.0
    assert "exited with status 3" in chosen.why


@needs_library
def test_a_slow_start_happens_at_the_machines_own_speed() -> None:
    chosen = _chosen(30.0, f"sh -c 'sleep 3; exec {ONE}'")

    assert chosen.factor == 30.0, chosen.why
