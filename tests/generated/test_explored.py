"""The kit's own fakes and the reference droplet, explored with a few seeds: nothing is found."""

from __future__ import annotations

import pytest
from exploring_ground import explored, right
from fleet_support import require

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
