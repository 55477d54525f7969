"""The exploring lane over many seeds in front of right services: nothing is found in any of them.

Four droplets of other people's stacks, and a right Registry and Orchestrator
that share no code with the kit. SEEDS=5 is a quick look; the default is fifty.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from faults.role_stand import (  # noqa: E402 - the tests' own stands, once on the path
    Role,
    role_stand,
)
from faults.stand import stand  # noqa: E402 - likewise

UDCKIT = Path(sys.executable).with_name("udckit")
SEEDS = int(os.environ.get("SEEDS", "50"))
REQUESTS = int(os.environ.get("REQUESTS", "400"))
DROPLETS = ("flask_metrics", "node_bare", "aiohttp_pyjwt", "fastapi_validates_first")
ROLES: tuple[Role, ...] = ("registry", "orchestrator")


@contextmanager
def right(name: str) -> Iterator[tuple[str, str, str]]:
    """Bring a right service up; give its URL, a token that it takes, and its role."""
    with ExitStack() as stack:
        role = next((each for each in ROLES if each == name), None)
        if role is not None:
            up = stack.enter_context(role_stand(role, "aiohttp"))
            yield up.proxy.url, str(up.authority.tokens.valid), name
        else:
            droplet = stack.enter_context(stand(name))
            yield droplet.url, droplet.token, "droplet"


def main() -> int:
    """Explore each with every seed; print a line for each, and give 1 where anything was found."""
    worst = 0
    with TemporaryDirectory() as folder:
        for name in (*DROPLETS, *ROLES):
            found = requests = 0
            with right(name) as (url, token, role):
                for seed in range(SEEDS):
                    told = _explored(url, token, role, seed, Path(folder))
                    found += len(told["findings"])
                    requests += told["requests"]
                    for each in told["findings"]:
                        print(json.dumps({"service": name, "seed": seed, **each}))
            print(
                f"{name:<26}{SEEDS:>4} seeds{requests:>9} requests{found:>4} findings", flush=True
            )
            worst = worst or bool(found)
    return int(worst)


def _explored(url: str, token: str, role: str, seed: int, folder: Path) -> dict[str, Any]:
    words = [str(UDCKIT), "explore", url, "--role", role, "--seed", str(seed), "--json"]
    words += ["--requests", str(REQUESTS)]
    run = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, "UDCKIT_TOKEN": token},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout, run.stderr
    told: dict[str, Any] = json.loads(run.stdout)
    return told


if __name__ == "__main__":
    sys.exit(main())
