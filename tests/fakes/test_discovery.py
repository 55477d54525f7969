"""Fakes that stay up, and the way in which they are found."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from udckit.fakes import FakeDroplet, fakes_up, find_running_fakes


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A temporary directory of the test's own, so that nobody else's fakes are found."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def folder() -> Path:
    return Path(tempfile.gettempdir()) / f"udckit-{os.getuid()}"


def test_both_are_up_and_a_droplet_lives_with_them() -> None:
    with (
        fakes_up() as up,
        FakeDroplet(
            registry=up.environment["REGISTRY_URL"],
            orchestrator=up.environment["ORCHESTRATOR_URL"],
        ),
    ):
        assert up.orchestrator.journal.wait_for(path="/heartbeat").answered == 200


def test_what_is_up_is_found_and_what_is_down_is_not(ask: Any) -> None:
    with fakes_up() as first:
        with fakes_up() as second:
            found = find_running_fakes()
            assert {one.registry.url for one in found} == {first.registry.url, second.registry.url}
        (left,) = find_running_fakes()
        token = left.registry.mint(service_name="x")
        assert ask(f"{left.registry.url}/services", token=token).status == 200
        assert left.environment == first.environment
        assert left.pid == os.getpid()

    assert find_running_fakes() == []
    assert list(folder().iterdir()) == []


def test_the_folder_is_private() -> None:
    with fakes_up():
        assert folder().stat().st_mode & 0o777 == 0o700


def test_a_folder_of_somebody_else_is_not_believed() -> None:
    folder().mkdir(mode=0o777)
    folder().chmod(0o777)
    with fakes_up() as up:
        assert up.registry.is_running
        assert list(folder().iterdir()) == []
        (folder() / "1.json").write_text("{}")
        assert find_running_fakes() == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"pid": "x"}',
        "7",
        '{"pid":1,"registry":7,"orchestrator":8,"started":"x"}',
    ],
)
def test_a_file_that_is_none_is_passed_over(text: str) -> None:
    folder().mkdir(mode=0o700)
    (folder() / "1-1.json").write_text(text)

    assert find_running_fakes() == []


def test_a_file_that_somebody_else_s_server_answers_for_is_not_believed() -> None:
    with fakes_up(announce=False) as up:
        folder().mkdir(mode=0o700)
        told = {
            "pid": os.getpid(),
            "life": "another",
            "started": 1.0,
            "registry": up.registry.url,
            "orchestrator": up.orchestrator.url,
        }
        (folder() / "1-1.json").write_text(json.dumps(told))

        assert find_running_fakes() == []


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    program = (
        "import tempfile, sys, time; tempfile.tempdir = sys.argv[1]\n"
        "from udckit.fakes import fakes_up\n"
        "with fakes_up() as up:\n"
        "    print(up.registry.url, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    (found,) = find_running_fakes()
    assert found.registry.url == url
    assert found.pid == process.pid
    process.kill()
    process.communicate()

    assert find_running_fakes() == []
    assert list(folder().iterdir()) == []


def test_a_port_that_is_given_is_taken() -> None:
    with fakes_up() as first:
        port = first.registry.port
    with fakes_up(registry_port=port) as second:
        assert second.registry.port == port


def test_binding_to_all_still_gives_an_address_that_can_be_reached(ask: Any) -> None:
    with fakes_up(bind="0.0.0.0") as up:
        assert up.registry.url.startswith("http://127.0.0.1:")
        assert ask(f"{up.registry.url}/health").status == 200
        assert len(find_running_fakes()) == 1


def test_fakes_that_nobody_may_control_are_not_announced() -> None:
    with fakes_up(control="nobody"):
        assert find_running_fakes() == []
