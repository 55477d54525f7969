"""The fakes that a droplet was started against are found, or the author says which they are."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from udckit.conformance import InvocationError, Options
from udckit.conformance.attaching import found_beside
from udckit.conformance.authority import from_nothing
from udckit.fakes import fakes_up

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No fakes of other programs are found."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_droplet_is_attached_where_it_registered_or_is_declared() -> None:
    with fakes_up() as up:
        assert found_beside(NOBODY, declared=False) is None
        declared = found_beside(NOBODY, declared=True)
        up.registry.register("mine", 7, port=9)
        known = found_beside(NOBODY, declared=False)

    assert declared is not None
    assert known is not None
    assert (declared[1].declared, known[1].declared) == (True, False)
    assert known[1].settings == up.settings
    assert set(up.settings) == {"SERVICE_NAME", "DROPLET_ID", "SERVICE_PORT"}


def test_droplet_is_declared_only_where_one_pair_of_fakes_is_up() -> None:
    with pytest.raises(InvocationError, match="start `udckit fakes up`"):
        found_beside(NOBODY, declared=True)
    with fakes_up(), fakes_up(), pytest.raises(InvocationError, match="2 pairs of fakes"):
        found_beside(NOBODY, declared=True)


def test_author_is_told_of_attached_where_fakes_are_up_that_do_not_know_the_droplet() -> None:
    assert "--attached" in from_nothing(beside_fakes=True).tokens.why_none
    assert "--attached" not in from_nothing().tokens.why_none


def test_attached_goes_with_a_url_alone() -> None:
    assert Options(url=NOBODY, attached=True).way == "fakes"
    for more in ({"launch": "x", "url": None}, {"token": "x"}, {"registry": NOBODY}):
        with pytest.raises(InvocationError, match="--attached goes with a URL"):
            Options(**{"url": NOBODY, "attached": True, **more})  # type: ignore[arg-type]  # by name
