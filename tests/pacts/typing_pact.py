"""What tests of the command share: how it is typed, on a desk or in CI, and pacts to type."""

import json
from collections.abc import Callable
from pathlib import Path

import click.testing

ROOT = Path(__file__).parents[2]
PACTS = ROOT / "specs" / "pacts"
MINE = (str(PACTS / "droplet-registry.json"), str(PACTS / "droplet-orchestrator.json"))
CI = {"GITHUB_ACTIONS": "true", "GITHUB_SHA": "c0ffee", "GITHUB_REF_NAME": "main"}
NO_CI = dict.fromkeys(("CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL"))
Typed = Callable[..., click.testing.Result]


def asking_for_more(folder: Path) -> Path:
    """A pact that wants a member that no contract promises."""
    raw = json.loads((PACTS / "droplet-registry.json").read_text())
    for one in raw["interactions"]:
        if one["description"] == "a registration":
            one["response"]["body"]["content"]["expires_in"] = 3600
    path = folder / "more.json"
    path.write_text(json.dumps(raw))
    return path
