"""The how-to pages of the fakes are run as they stand; what a container would run is read."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from udckit.fakes import FakeOrchestrator, FakeRegistry

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```python\n# (?P<name>\S+)\n(?P<code>.*?)```", re.DOTALL)
PAGES = ("fakes-in-my-tests.md",)


def blocks() -> list[tuple[str, str]]:
    texts = [(ROOT / "docs/how-to" / page).read_text() for page in PAGES]
    return [(found["name"], found["code"]) for text in texts for found in BLOCK.finditer(text)]


def ran(*words: str, **how: Any) -> "subprocess.CompletedProcess[str]":
    run = subprocess.run(words, capture_output=True, text=True, check=False, **how)
    assert run.returncode == 0, run.stdout + run.stderr
    return run


@pytest.mark.parametrize(("name", "code"), blocks(), ids=[name for name, _ in blocks()])
def test_block_of_the_page_runs_as_it_stands(name: str, code: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(code)
    python = [sys.executable, "-W", "error::ResourceWarning"]
    words = ["-m", "pytest", "-q", name] if name.startswith("test_") else [name]

    ran(*python, *words, cwd=tmp_path)


def test_example_in_node_passes_against_the_fakes() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("this machine has no Node, and the example is written for it")
    with FakeRegistry() as registry, FakeOrchestrator(registry=registry):
        ran(
            node,
            "--test",
            str(ROOT / "examples/node/register.mjs"),
            env={"REGISTRY_URL": registry.url, "PATH": str(Path(node).parent)},
        )


def test_what_the_image_runs_is_a_command_of_the_kit() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    command = next(line for line in lines if line.startswith("CMD "))
    words = yaml.safe_load(command.removeprefix("CMD "))

    told = ran(str(Path(sys.executable).with_name("udckit")), *words[:2], "--help")

    assert all(word in told.stdout for word in words if word.startswith("--"))


def test_compose_builds_the_image_and_publishes_the_ports_that_it_exposes() -> None:
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["fakes"]
    exposed = next(
        line for line in (ROOT / "Dockerfile").read_text().splitlines() if "EXPOSE" in line
    )

    published = {port.rsplit(":", 1)[1] for port in service["ports"]}
    assert service["build"] == "."
    assert published == set(shlex.split(exposed)[1:])
