"""The kit's own fakes and the reference droplet, explored with a few seeds: nothing is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from exploring_ground import explored, right
from faults import read_faults
from fleet_support import require

from udckit.conformance.generated.finding import Finding

FAULTS = Path(__file__).parent / "faults" / "droplet.yaml"

KINDS = ("values", "bytes", "draws", "machines")
"""All but the engine, which has tests of its own and takes most of the time."""

SEEDS = (1, 2, 3)
REQUESTS = 150


@pytest.mark.parametrize("name", ["fake_droplet", "reference_droplet", "registry", "orchestrator"])
def test_nothing_is_found_in(name: str) -> None:
    if name == "reference_droplet":
        require(name)
    requests = 0
    with right(name) as up:
        for seed in SEEDS:
            told = explored(up, seed=seed, requests=REQUESTS, kinds=KINDS)
            assert [each.as_json() for each in told.findings] == [], f"seed {seed}"
            assert told.why == [], f"seed {seed}"
            requests += told.requests

    assert requests > REQUESTS * len(SEEDS) / 2


def test_what_was_found_before_it_was_ended_is_kept() -> None:
    struck = next(each for each in read_faults(FAULTS) if each.id == "crashes-on-an-empty-key")
    found: list[Finding] = []

    def interrupt(finding: Finding) -> None:
        found.append(finding)
        raise KeyboardInterrupt

    with right("plain_droplet") as up:
        up.proxy.strike(struck)
        told = explored(up, seed=1, requests=100, kinds=("values",), told=interrupt)

    assert told.ended_early
    assert told.findings == found
    assert len(found) == 1
