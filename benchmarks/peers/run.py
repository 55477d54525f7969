"""Faults and right droplets put before every contender: what each said, and what it took."""

from __future__ import annotations

import contextlib
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from faults import Fault, all_faults
from faults.proxy import FaultProxy
from faults.stand import brought_up, shown
from faults.verifying import Trust
from fleet_support import REFERENCE, fleet, missing

from benchmarks.peers.contenders import CONTENDERS, Contender, Found, Place, ask
from udckit import fakes

__all__ = ["DROPLET", "faults_seen", "right_ones"]

DROPLET: Final = "flask_metrics"
"""The right droplet that is made wrong: none of the kit's own."""
_KEY: Final = Path(__file__).parents[2] / "fakes/keys/not-a-secret-udckit-test-key.pem"
_TEN_DAYS: Final = 864_000

T = TypeVar("T")


def _sample(seed: int) -> Iterator[Fault]:
    """Give the droplet's faults that this one can show, shape and security, in shuffled order."""
    has = shown(DROPLET)
    known = [
        fault
        for role in ("droplet", "security")
        for fault in all_faults(role)
        if has.issuperset(fault.needs) and not fault.settings
    ]
    random.Random(seed).shuffle(known)  # noqa: S311 - an order, not a secret
    yield from known


def faults_seen(
    strand: int, *, ends: float, seed: int, strands: int
) -> dict[str, list[tuple[bool, int, Found]]]:
    """Put every `strands`th fault before every contender; say who saw it, and what it took."""
    seen: dict[str, list[tuple[bool, int, Found]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, _stand(DROPLET, Path(folder)) as (place, proxy):
        usual = {one.name: _usual(one, place, proxy) for one in CONTENDERS}
        for fault in _own(_sample(seed), strand, strands):
            if time.time() >= ends:
                break
            for one in CONTENDERS:
                found, requests = _judged(one, place, proxy, fault)
                seen[one.name].append((bool(found.blamed - usual[one.name]), requests, found))
            who = ", ".join(name for name, each in seen.items() if each[-1][0]) or "nobody"
            print(f"{fault.id}: {who}", flush=True)
    return dict(seen)


def _own(all_of_them: Iterable[T], strand: int, strands: int) -> list[T]:
    """Give those that this strand is to do."""
    return list(all_of_them)[strand::strands]


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


def right_ones(strand: int, *, ends: float, seed: int, strands: int) -> dict[str, dict[str, Found]]:
    """Show every `strands`th right droplet to every contender."""
    cried: dict[str, dict[str, Found]] = defaultdict(dict)
    members = [each.name for each in (*fleet(), REFERENCE) if missing(each) is None]
    random.Random(seed).shuffle(members)  # noqa: S311 - an order, not a secret
    for name in _own(members, strand, strands):
        if time.time() >= ends:
            break
        with tempfile.TemporaryDirectory() as folder, _stand(name, Path(folder)) as (place, proxy):
            for one in CONTENDERS:
                cried[one.name][name], _ = _judged(one, place, proxy, None)
        who = ", ".join(each for each, by in cried.items() if by[name].alarms) or "nobody"
        print(f"{name} is right, and blamed by {who}", flush=True)
    return dict(cried)


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
