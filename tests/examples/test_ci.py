"""The workflows and the compose file are of their schemas, and every command in them exists."""

import json
import re
import shlex
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import jsonschema_rs
import pytest
import yaml

from udckit.cli import _main

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "tests" / "reports" / "schemas"
WORKFLOWS = sorted((ROOT / "examples" / "ci").glob("*.yml"))
NAMED = [pytest.param(path, id=path.name) for path in WORKFLOWS]


def loaded(path: Path) -> Any:
    """YAML as GitHub reads it: `on` is a word there, and no truth."""
    value = yaml.safe_load(path.read_text("utf-8"))
    if True in value:
        value["on"] = value.pop(True)
    return value


def problems(value: Any, schema: str) -> list[str]:
    rules = json.loads((SCHEMAS / schema).read_text("utf-8"))
    validator = jsonschema_rs.validator_for(rules)
    return [f"{each.instance_path}: {each.message}" for each in validator.iter_errors(value)]


def commands(path: Path) -> Iterator[list[str]]:
    """Give every command of a workflow, with its variables put in."""
    workflow = loaded(path)
    values = {**workflow["env"], "PWD": "/here"}
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            for line in step.get("run", "").splitlines():
                put_in = re.sub(r"\$(\w+)", lambda found: str(values[found[1]]), line)
                yield shlex.split(put_in)


def understood(words: list[str]) -> click.Context:
    """Have click take the words apart as `udckit` would; it raises where it cannot."""
    group: Any = _main._group
    context: click.Context = group.make_context("udckit", list(words), allow_extra_args=True)
    rest = list(words)
    while isinstance(group, click.Group):
        _, command, rest = group.resolve_command(context, rest)
        assert command is not None
        context = command.make_context(rest[0] if rest else "", list(rest), parent=context)
        group, rest = command, [*context._protected_args, *context.args]
    return context


@pytest.mark.parametrize("path", NAMED)
def test_workflow_is_of_github_s_schema(path: Path) -> None:
    assert problems(loaded(path), "github-workflow.json") == []


@pytest.mark.parametrize("path", NAMED)
def test_every_command_of_the_kit_is_one(path: Path) -> None:
    ours = [words[1:] for words in commands(path) if words[0] == "udckit"]

    assert [" ".join(words[:2]) for words in ours if words[0] == "pact"]
    for words in ours:
        understood(words)


@pytest.mark.parametrize("path", NAMED)
def test_every_command_of_pact_s_own_tool_is_one(path: Path) -> None:
    tool = Path(sysconfig.get_path("scripts")) / "pact"
    if not tool.exists():
        pytest.skip("pact-python-cli is not installed: udckit[pact]")
    for words in (words for words in commands(path) if words[0] == "pact"):
        told = subprocess.run(
            [tool, *words[1:3], "--help"], capture_output=True, text=True, check=True
        ).stdout
        assert [each for each in words if each.startswith("--") and each not in told] == []


def test_droplet_s_workflow_certifies_records_publishes_verifies_and_gates() -> None:
    (path,) = [path for path in WORKFLOWS if path.name == "droplet.yml"]
    run = [" ".join(words[:3]) for words in commands(path) if words[0] in {"udckit", "pact"}]

    assert run == [
        "udckit certify --launch",
        "udckit pact verify",
        "udckit pact record",
        "udckit pact publish",
        "udckit pact can-i-deploy",
        "pact broker record-deployment",
    ]


def test_wrong_command_is_noticed() -> None:
    with pytest.raises(click.UsageError):
        understood(["pact", "publish", "--versoin", "1"])


def test_compose_file_is_of_its_schema_and_stays_on_this_host() -> None:
    file = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))

    assert problems(file, "compose-spec.json") == []
    ports = [port for one in file["services"].values() for port in one.get("ports", ())]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert file["services"]["pact-broker"]["depends_on"].keys() == {"pact-database"}
    assert "ports" not in file["services"]["pact-database"]
