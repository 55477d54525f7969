"""The exploring lane over many seeds in front of right services: nothing is found in any of them.

Four droplets of other people's stacks, and a right Registry and Orchestrator that share no code
with the kit; every kind of case, walks in company included. SEEDS=5 is a quick look, the default
is fifty; REQUESTS is how many each seed sends, ONLY names one of the services.
"""

import json
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from exploring_ground import explored, right  # noqa: E402 - the tests' own ground, once on the path

SEEDS = int(os.environ.get("SEEDS", "50"))
REQUESTS = int(os.environ.get("REQUESTS", "400"))
SERVICES = (
    *("flask_metrics", "node_bare", "aiohttp_pyjwt", "fastapi_validates_first"),
    *("registry", "orchestrator"),
)


def main() -> int:
    """Explore each with every seed; print a line for each, and give 1 where anything was found."""
    worst = 0
    only = os.environ.get("ONLY")
    for name in SERVICES if only is None else (only,):
        found = requests = 0
        started = time.perf_counter()
        with right(name, "aiohttp") as up:
            for seed in range(SEEDS):
                told = explored(up, seed=seed, requests=REQUESTS)
                found += len(told.findings)
                requests += told.requests
                for each in told.findings:
                    print(json.dumps({"service": name, "seed": seed, **each.as_json()}))
                for why in told.why:
                    print(json.dumps({"service": name, "seed": seed, "not_explored": why}))
        took = time.perf_counter() - started
        counts = f"{SEEDS:>4} seeds{requests:>9} requests{found:>4} findings"
        print(f"{name:<26}{counts}{took:>8.0f} s", flush=True)
        worst = worst or bool(found)
    return int(worst)


if __name__ == "__main__":
    sys.exit(main())
