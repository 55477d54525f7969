"""The how-to pages of Pact are run as they stand, each in a folder and with a broker of its own.

The broker is a protocol fake (tests/pacts/protocol_broker.py). The addresses that a page names are
replaced by those of the fakes that the test starts.
"""

import json
import os
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click.testing
import pytest
from pacts.protocol_broker import TOKEN, ProtocolBroker, protocol_broker

from udckit.cli import _main
from udckit.fakes import FakeOrchestrator, FakeRegistry, Fault

pytest.importorskip("pact", reason="pact-python is not installed: udckit[pact]")

PAGES = Path(__file__).parents[2] / "docs" / "how-to"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
EXIT = re.compile(r"\(exit code (\d)\)")
DESK = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "REGISTRY_URL", "ORCHESTRATOR_URL")
MINE = Path(__file__).parents[2] / "specs" / "pacts" / "droplet-registry.json"


@dataclass(frozen=True, slots=True)
class Step:
    """A command of a page, what it is said to print, and its exit code."""

    command: str
    lines: tuple[str, ...]
    code: int


def steps(page: str) -> list[Step]:
    found = []
    for block in BLOCK.findall((PAGES / page).read_text("utf-8")):
        for part in block.split("$ ")[1:]:
            command, *rest = [line.rstrip() for line in part.splitlines() if line.strip()]
            codes = [int(said[1]) for line in rest if (said := EXIT.fullmatch(line))]
            lines = tuple(line for line in rest if not EXIT.fullmatch(line))
            found.append(Step(command, lines, codes[0] if codes else 0))
    return found


@pytest.fixture
def broker() -> Iterator[ProtocolBroker]:
    with protocol_broker() as running:
        yield running


@pytest.fixture
def addresses(broker: ProtocolBroker) -> Iterator[dict[str, str]]:
    """Where what the pages speak of is: a Registry, an Orchestrator, a broken one, a broker."""
    with (
        FakeRegistry() as registry,
        FakeOrchestrator(registry=registry) as orchestrator,
        FakeRegistry() as broken,
    ):
        broken.faults.add(Fault.garbage(200, route="GET /auth/public-key"))
        yield {
            "http://127.0.0.1:8000": registry.url,
            "http://127.0.0.1:8001": orchestrator.url,
            "http://127.0.0.1:8666": broken.url,
            "http://127.0.0.1:9292": broker.url,
        }


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, the commands on the PATH, a token of the broker, and no CI."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in DESK:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PACT_BROKER_TOKEN", TOKEN)
    monkeypatch.setenv("COLUMNS", "120")


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    "page", ["pact-for-authors.md", "pact-for-registry-makers.md", "pact-for-platform-owners.md"]
)
def test_page_runs_as_it_stands(
    page: str, addresses: dict[str, str], broker: ProtocolBroker
) -> None:
    if page == "pact-for-registry-makers.md":
        publish_a_droplet_s(broker)
    for step in steps(page):
        command, expected = step.command, "\n".join(step.lines)
        for shown, real in addresses.items():
            command, expected = command.replace(shown, real), expected.replace(shown, real)
        program, *words = shlex.split(command)
        ran = click.testing.CliRunner().invoke(_main._group, words)

        assert program == "udckit"
        assert ran.exit_code == step.code, f"{command}\n{ran.output}"
        assert [line for line in expected.splitlines() if line not in ran.output] == [], ran.output


def publish_a_droplet_s(broker: ProtocolBroker) -> None:
    """What the page takes for granted: a droplet has published two needs."""
    raw = json.loads(MINE.read_text("utf-8"))
    raw["consumer"]["name"] = "my-service"
    wanted = ("a registration", "a look at the public key")
    raw["interactions"] = [one for one in raw["interactions"] if one["description"] in wanted]
    broker.pacts["my-service", "registry"] = raw


def test_page_has_steps_and_links_that_lead_somewhere() -> None:
    for page in PAGES.glob("pact-for-*.md"):
        assert len(steps(page.name)) >= 5
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
