"""Put the same faults before the kit and its peers, and the same right droplets; write a table.

Run as `python -m benchmarks.peers` with `tests` on PYTHONPATH (`make peers` does): the faults and
the fleet are those of the tests. A fault is detected where a contender blames something that it
does not blame on the same droplet without the fault.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from faults import Fault, all_faults
from faults.proxy import FaultProxy
from faults.stand import brought_up, shown
from faults.verifying import Trust
from fleet_support import REFERENCE, fleet, missing

from benchmarks.peers.contenders import CONTENDERS, Contender, Found, Place, ask
from benchmarks.peers.table import Row, table
from udckit import fakes

_DROPLET: Final = "flask_metrics"
"""The right droplet that is made wrong: none of the kit's own."""
_PAGE: Final = Path(__file__).parents[2] / "docs" / "comparison.md"
_KEY: Final = Path(__file__).parents[2] / "fakes/keys/not-a-secret-udckit-test-key.pem"
_TEN_DAYS: Final = 864_000
_SHARE_OF_FAULTS: Final = 0.7


def main() -> int:
    """Compare until the time is over, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=_PAGE)
    given = parser.parse_args()
    began = time.time()
    ends = began + given.minutes * 60
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        detected = _faults(folder, began + given.minutes * 60 * _SHARE_OF_FAULTS, given.seed)
        cried = _right_ones(folder, ends, given.seed)
    rows = [Row(each.name, each.what, detected[each.name], cried[each.name]) for each in CONTENDERS]
    given.out.write_text(table(rows, _DROPLET, time.time() - began), encoding="utf-8")
    return 0


def _sample(seed: int) -> Iterator[Fault]:
    """Give the droplet's faults that this one can show, shape and security, in shuffled order."""
    has = shown(_DROPLET)
    known = [
        fault
        for role in ("droplet", "security")
        for fault in all_faults(role)
        if has.issuperset(fault.needs) and not fault.settings
    ]
    random.Random(seed).shuffle(known)  # noqa: S311 - an order, not a secret
    yield from known


def _faults(folder: Path, ends: float, seed: int) -> dict[str, list[tuple[bool, int, Found]]]:
    """Put one fault after the other before every contender; say who saw it, and what it took."""
    seen: dict[str, list[tuple[bool, int, Found]]] = defaultdict(list)
    with _stand(_DROPLET, folder) as (place, proxy):
        usual = {one.name: _usual(one, place, proxy) for one in CONTENDERS}
        for number, fault in enumerate(_sample(seed), 1):
            if time.time() >= ends:
                break
            for one in CONTENDERS:
                found, requests = _judged(one, place, proxy, fault)
                seen[one.name].append((bool(found.blamed - usual[one.name]), requests, found))
            who = ", ".join(name for name, each in seen.items() if each[-1][0]) or "nobody"
            print(f"{number:4}  {fault.id}: {who}", flush=True)
    return seen


def _usual(one: Contender, place: Place, proxy: FaultProxy) -> frozenset[str]:
    """Say what a contender blames without a fault; one that does not run here ends it all."""
    found, requests = _judged(one, place, proxy, None)
    if found.trouble or not requests:
        raise SystemExit(f"{one.name} does not run: {found.trouble or 'it asked nothing'}")
    return found.blamed


def _judged(
    one: Contender, place: Place, proxy: FaultProxy, fault: Fault | None
) -> tuple[Found, int]:
    proxy.strike(fault)
    before = proxy.carried
    found = ask(one, place)
    return found, proxy.carried - before


def _right_ones(folder: Path, ends: float, seed: int) -> dict[str, dict[str, Found]]:
    """Show every right droplet to every contender."""
    cried: dict[str, dict[str, Found]] = defaultdict(dict)
    members = [each.name for each in (*fleet(), REFERENCE) if missing(each) is None]
    random.Random(seed).shuffle(members)  # noqa: S311 - an order, not a secret
    for name in members:
        if time.time() >= ends:
            break
        with _stand(name, folder) as (place, proxy):
            for one in CONTENDERS:
                cried[one.name][name], _ = _judged(one, place, proxy, None)
        who = ", ".join(each for each, by in cried.items() if by[name].alarms) or "nobody"
        print(f"{name} is right, and blamed by {who}", flush=True)
    return cried


@contextlib.contextmanager
def _stand(name: str, folder: Path) -> Iterator[tuple[Place, FaultProxy]]:
    """Bring a droplet up behind the proxy, with a Registry whose key is known."""
    clock = fakes.SystemClock()
    with contextlib.ExitStack() as stack:
        registry = stack.enter_context(fakes.FakeRegistry(token_lifetime=_TEN_DAYS))
        orchestrator = stack.enter_context(fakes.FakeOrchestrator(registry=registry))
        url = stack.enter_context(brought_up(name, registry, orchestrator, clock))
        sender = "udckit-peers"
        token = registry.register(sender, 990_003).token
        own = registry.register("peers-own", 990_004).token
        trust = Trust(registry.key, clock.now, own, name)
        proxy = stack.enter_context(FaultProxy(url, token=token, trust=trust))
        yield Place(proxy.url, token, sender, registry.url, _KEY, folder), proxy


if __name__ == "__main__":
    sys.exit(main())
