"""A finding of an attack tells its reader all: recipe, gain, a command that works, the fix."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults import Fault, FaultProxy, all_faults
from faults.security_stand import SecurityStand, security_stand
from faults.stand import Seen

from udckit.conformance import Verdict
from udckit.conformance.forge import recipe, recipes
from udckit.reports import failure_lines, message

ATTACKS = (
    ("alg-none-is-an-algorithm", "AUTH-012"),
    ("hs256-keyed-with-the-pem", "AUTH-013"),
    ("hs256-keyed-with-the-services-name", "AUTH-014"),
    ("key-that-the-token-brings", "AUTH-016"),
    ("expiry-is-never-looked-at", "AUTH-009"),
    ("token-in-the-query", "AUTH-018"),
    ("token-in-a-cookie", "AUTH-018"),
    ("token-in-the-body", "AUTH-018"),
    ("second-word-is-the-token", "AUTH-004"),
    ("state-open-to-anybody", "UDC-STATE-001"),
)
PATIENCE = 30


@pytest.fixture(scope="module")
def droplet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecurityStand]:
    with security_stand("plain_droplet", tmp_path_factory.mktemp("stand")) as up:
        yield up


def fault_named(name: str) -> Fault:
    return next(each for each in all_faults("security") if each.id == name)


def replay_of(seen: Seen, verdict: Verdict) -> str:
    return dict(failure_lines(seen.record, verdict))["replay"]


def tokens_of(seen: Seen) -> set[str]:
    """Give header and claims of each token of a run, as the record has them."""
    lines = seen.record.tokens.values()
    return {f"{json.dumps(each['header'])} . {json.dumps(each['claims'])}" for each in lines}


def status_of(command: str, folder: Path) -> str:
    """Run a printed command in a shell, as a reader would, with no fakes up; give the status."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        env={"PATH": path, "TMPDIR": str(folder), "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split(" ")[1]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the printed command is a curl")
@pytest.mark.parametrize(("name", "row"), ATTACKS)
def test_printed_command_reproduces_the_attack(
    name: str, row: str, droplet: SecurityStand, tmp_path: Path
) -> None:
    fault = fault_named(name)
    seen = droplet.run(fault, only=(row,))
    verdict = seen.outcomes.verdicts[row]
    culprit = seen.record.exchanges[verdict.culprit or 0]
    assert culprit.answer is not None
    trust, token = droplet.trust, droplet.authority.tokens.valid
    with FaultProxy(droplet.url, token=token, trust=trust) as proxy:
        command = replay_of(seen, verdict).replace(culprit.base, proxy.url)
        proxy.strike(fault)
        attacked = status_of(command, tmp_path)
        proxy.strike(None)
        right = status_of(command, tmp_path)

    assert attacked == str(culprit.answer.status)
    assert right == "401"


@pytest.mark.parametrize(("name", "row"), ATTACKS)
def test_finding_tells_recipe_gain_and_fix(name: str, row: str, droplet: SecurityStand) -> None:
    seen = droplet.run(fault_named(name), only=(row,))
    verdict = seen.outcomes.verdicts[row]
    told = dict(failure_lines(seen.record, verdict))
    forged = recipe(verdict.recipe or "")

    assert told["recipe"] == forged.in_words
    if "{token}" in str(forged.shown) or forged.shown.query or forged.shown.member:
        assert told["token"] in tokens_of(seen)
    assert told["gain"] == forged.gain != ""
    assert forged.words in told["observed"]
    assert told["fix"]
    text = message(seen.record, verdict)
    assert "# FastAPI" in text
    assert "PyJWT" in text
    assert "python-jose" in text


def test_every_recipe_that_must_be_refused_says_what_is_gained() -> None:
    silent = [each.name for each in recipes().values() if 401 in each.expected and not each.gain]

    assert silent == []
