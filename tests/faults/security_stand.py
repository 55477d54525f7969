"""The stand of stage 2: a right droplet whose Registry's key the kit has, behind the proxy."""

from __future__ import annotations

import contextlib
import json
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from faults.certificate import self_signed
from faults.fault import Fault
from faults.proxy import FaultProxy
from faults.stand import IN_PROCESS, MEASURES, TEN_DAYS, Seen, brought_up, shown
from faults.verifying import Trust
from udckit import fakes
from udckit.conformance import Engine, LiveSource, Recorder, Redactor, Settings, TokenShelf
from udckit.conformance.authority import Authority, from_fake
from udckit.conformance.forge import Forge
from udckit.conformance.heard import Heard, Line
from udckit.conformance.surroundings import LiveSurroundings, Start

__all__ = ["DROPLETS", "SecurityStand", "can_show", "security_stand"]

DROPLETS: Final = ("plain_droplet", "fake_droplet", "flask_metrics", "node_bare")
"""Right droplets that share no code, but for the kit's own fake: PyJWT, python-jose, node:crypto.

In front of the first that a fault can strike, the whole stage is judged.
"""

_OWED: Final = "/udckit/callback/first"
_CALLBACK: Final = 3.0
_NEVER: Final = 0.05


def can_show(name: str, fault: Fault) -> bool:
    """True where a droplet, or the proxy before it, has what a fault strikes."""
    return (shown(name) | {"tls"}).issuperset(fault.needs)


class _Hurried(LiveSurroundings):
    """Waits for the call that is owed; one that must not come, came before the answer."""

    def heard(self, name: str, mark: str, within: float) -> tuple[Heard, ...]:
        return super().heard(name, mark, min(within, _CALLBACK if mark == _OWED else _NEVER))


@dataclass(frozen=True, slots=True)
class SecurityStand:
    """One right droplet with all that the stage asks for: key, peers, senders, instances, log."""

    name: str
    url: str
    trust: Trust
    authority: Authority
    clock: fakes.Clock
    folder: Path
    born: float = field(default_factory=time.time)

    def run(
        self,
        fault: Fault | None = None,
        *,
        only: tuple[str, ...] = (),
        stages: tuple[str, ...] = ("security",),
        record: Path | None = None,
        authority: Authority | None = None,
    ) -> Seen:
        """Judge the droplet under a fault, whole stages or only some rows with their needs.

        `record` is where the record goes beside the memory, `authority` whom the kit has instead of
        the one that the droplet trusts.
        """
        told: dict[str, Any] = dict(fault.settings) if fault is not None else {}
        instance = told.pop("instance", None)
        quiet = told.pop("quiet", False)
        has = frozenset(told.pop("has", ()))
        whose = self.authority if authority is None else authority
        token = self.authority.tokens.valid
        with contextlib.ExitStack() as stack:
            tls, ca_file = None, None
            if fault is not None and "tls" in fault.needs:
                tls, ca_file = self_signed(self.folder)
            proxy = stack.enter_context(
                FaultProxy(self.url, token=token, trust=self.trust, tls=tls)
            )
            proxy.strike(fault if instance is None else None)
            proxies = [proxy]
            recorder = Recorder(record)
            stack.callback(recorder.close)
            redactor = Redactor(
                signed_by=whose.signed_by, on_token=lambda facts: recorder.write(facts.as_json())
            )
            if whose.tokens.valid is not None:
                redactor.issued(whose.tokens.valid, "the kit's valid token")
            settings = Settings(
                target=proxy.url,
                reached="launch",
                stages=stages,
                only=only,
                has=has,
                ca_file=ca_file,
                identity=whose.identity,
            )
            around = _Hurried(
                recorder,
                redactor,
                enrols=whose.enrol,
                starts=self._starting(fault, instance, proxies),
                reads=lambda: self._log(proxy, quiet=quiet),
            )
            source = LiveSource(
                settings,
                recorder,
                redactor,
                now=self.clock.now,
                sleep=_at_once,
                measures=MEASURES,
                around=around,
            )
            stack.callback(source.close)
            shelf = TokenShelf(whose.tokens.valid, whose.tokens.why_none, whose.tokens.forge)
            outcomes = Engine(settings, source, shelf, recorder, authority="kit").run()
            return Seen(outcomes, sum(each.struck for each in proxies), recorder.record())

    def _starting(
        self, fault: Fault | None, instance: str | None, proxies: list[FaultProxy]
    ) -> Start:
        """Start instances: the droplet behind one proxy more, faulty where the fault is there."""

        @contextlib.contextmanager
        def start(changes: Mapping[str, str | None]) -> Iterator[str]:
            started = "development" if "ENVIRONMENT" in changes else "plain"
            token = self.authority.tokens.valid
            with FaultProxy(self.url, token=token, trust=self.trust) as proxy:
                proxy.strike(fault if instance in {None, started} else None)
                proxies.append(proxy)
                yield proxy.url

        return start

    def _log(self, proxy: FaultProxy, *, quiet: bool) -> Sequence[Line]:
        """Give what a droplet writes that is right, and what the fault writes."""
        told = [] if quiet else [Line(time.time(), '{"event": "a token was refused"}')]
        return [Line(self.born - 60, '{"event": "started"}'), *told, *proxy.logged]


def _at_once(_: float) -> None:
    """Wait for nothing."""


@contextlib.contextmanager
def security_stand(name: str, folder: Path) -> Iterator[SecurityStand]:
    """Bring a droplet up, with a Registry whose key the kit has; `folder` is for a certificate."""
    clock = fakes.ManualClock(time.time()) if name in IN_PROCESS else fakes.SystemClock()
    with contextlib.ExitStack() as stack:
        registry = stack.enter_context(fakes.FakeRegistry(clock=clock, token_lifetime=TEN_DAYS))
        orchestrator = stack.enter_context(fakes.FakeOrchestrator(registry=registry, clock=clock))
        url = stack.enter_context(brought_up(name, registry, orchestrator, clock))
        authority = from_fake(registry)
        valid = authority.tokens.valid or ""
        shelf = TokenShelf(valid, forge=Forge(valid, key=registry.key, now=clock.now))
        own = registry.register("fleet-own", 990_002).token
        trust = Trust(registry.key, clock.now, own, _name_of(url, valid))
        yield SecurityStand(name, url, trust, replace(authority, tokens=shelf), clock, folder)


def _name_of(url: str, token: str) -> str:
    headers = {"Authorization": f"Bearer {token}"}
    asked = urllib.request.Request(f"{url}/capabilities", headers=headers)  # noqa: S310 - the droplet's own http URL
    with urllib.request.urlopen(asked, timeout=_CALLBACK) as answer:  # noqa: S310 - likewise
        return str(json.load(answer)["service_name"])
