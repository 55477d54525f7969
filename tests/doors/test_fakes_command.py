from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from udckit.fakes import VerifyingKey, decode_unverified

Run = Callable[..., Any]

PATIENCE = 20


@contextmanager
def running(
    *words: str, folder: Path, environment: dict[str, str], **more: str
) -> Iterator[subprocess.Popen[str]]:
    """Run `udckit fakes …` until the block ends, then ask it to stop as a supervisor would."""
    process = subprocess.Popen(
        [sys.executable, "-m", "udckit.cli", "fakes", *words],
        cwd=folder,
        env={**environment, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert "Traceback" not in said


def exported(process: subprocess.Popen[str], count: int) -> dict[str, str]:
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(count)]
    assert all(line.startswith("export ") for line in lines), process.communicate(timeout=PATIENCE)
    return dict(line.removeprefix("export ").strip().split("=", 1) for line in lines)


def test_fakes_that_are_up_print_what_to_export_and_are_found(
    tmp_path: Path, environment: dict[str, str], udckit: Run, run_pytest: Run
) -> None:
    with running("up", folder=tmp_path, environment=environment) as fakes:
        told = exported(fakes, 5)
        assert set(told) == {
            *("REGISTRY_URL", "ORCHESTRATOR_URL"),
            *("SERVICE_NAME", "DROPLET_ID", "SERVICE_PORT"),
        }

        token = udckit("fakes", "token").stdout.strip()
        with urllib.request.urlopen(f"{told['REGISTRY_URL']}/auth/public-key") as answer:  # noqa: S310 - a fake's own
            key = VerifyingKey(json.load(answer)["public_key"])
        assert key.signed(token)
        facts = decode_unverified(token)
        assert facts is not None
        assert facts.claims["service_name"] == "udckit-probe"

        words = ("droplet", "--port", "0", "--name", "mine")
        with running(*words, folder=tmp_path, environment=environment, **told) as droplet:
            assert droplet.stdout is not None
            told_so_far: dict[str, Any] = {}
            while not {"ready", "registered"} <= set(told_so_far):  # in whichever order they come
                line = json.loads(droplet.stdout.readline())
                told_so_far[line["message"]] = line
            url = told_so_far["ready"]["url"]
            run = run_pytest(f"--target={url}", "--udc-only=UDC-STATE-002")

    assert run.returncode == 0, run.stdout + run.stderr
    assert "started against the kit's fakes" in run.stdout


def test_token_without_fakes_is_signed_with_the_test_key_and_says_so(udckit: Run) -> None:
    run = udckit("fakes", "token", "--name", "me", "--lifetime", "60")

    facts = decode_unverified(run.stdout.strip())
    assert facts is not None
    assert facts.claims["service_name"] == "me"
    assert 0 < facts.claims["exp"] - facts.claims["iat"] <= 60
    assert "test key" in run.stderr


def test_token_is_forged_by_a_recipe(udckit: Run) -> None:
    ended = udckit("fakes", "token", "--recipe", "alg-none")
    decoded = decode_unverified(ended.stdout.strip())

    assert decoded is not None
    assert decoded.header["alg"] == "none"
    assert ended.stdout.strip().endswith(".")


def test_recipe_that_nobody_knows_is_exit_2_with_the_nearest(udckit: Run) -> None:
    ended = udckit("fakes", "token", "--recipe", "alg-nown")

    assert ended.returncode == 2
    assert "did you mean alg-none?" in ended.stderr


def test_registry_and_orchestrator_run_alone(tmp_path: Path, environment: dict[str, str]) -> None:
    with running("registry", folder=tmp_path, environment=environment) as registry:
        told = exported(registry, 1)
        words = ("orchestrator", "--registry", told["REGISTRY_URL"])
        with running(*words, folder=tmp_path, environment=environment) as orchestrator:
            url = exported(orchestrator, 1)["ORCHESTRATOR_URL"]
            with urllib.request.urlopen(f"{url}/health") as answer:  # noqa: S310 - a fake's own
                assert answer.status == 200


def test_orchestrator_without_a_registry_says_what_it_needs(udckit: Run) -> None:
    run = udckit("fakes", "orchestrator")

    assert run.returncode == 2
    assert "give --registry" in run.stderr


def test_setting_that_makes_no_sense_is_exit_2(udckit: Run) -> None:
    run = udckit("fakes", "droplet", DROPLET_ID="ten", REGISTRY_URL="http://127.0.0.1:1")

    assert run.returncode == 2
    assert "DROPLET_ID" in run.stderr


@pytest.mark.parametrize("words", [("up", "--registry-port"), ("registry", "--port")])
def test_port_that_is_taken_is_one_line(udckit: Run, words: tuple[str, ...]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        run = udckit("fakes", *words, str(taken.getsockname()[1]))

    assert run.returncode == 2
    assert len(run.stderr.splitlines()) == 1
    assert "the port cannot be had" in run.stderr
