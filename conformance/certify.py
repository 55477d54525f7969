"""The main job: reach a target, judge it, leave a record."""

from __future__ import annotations

import contextlib
import functools
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from udckit import fakes
from udckit.conformance._floor import floor_p95
from udckit.conformance._wire import Outgoing, Wire
from udckit.conformance.attaching import found_beside, in_process, watching
from udckit.conformance.authority import (
    Authority,
    from_fake,
    from_nothing,
    from_registry,
    from_token,
    of_registry,
    with_key,
    with_key_of_a_fake,
)
from udckit.conformance.ending import wanted_rows
from udckit.conformance.engine import Engine
from udckit.conformance.errors import InvocationError, UnreachableError
from udckit.conformance.heard import Line
from udckit.conformance.options import Options, Way
from udckit.conformance.record import Recorder, RunRecord
from udckit.conformance.redaction import Redactor
from udckit.conformance.scenario import (
    AttachedTo,
    Company,
    ProcessTarget,
    Target,
    fitted,
    outage_scenario,
    scenarios_for,
)
from udckit.conformance.settings import Safety, Settings, is_loopback
from udckit.conformance.source import LiveSource
from udckit.conformance.surroundings import LiveSurroundings, Start
from udckit.conformance.target import PLAIN, free_port, launch, serve_app
from udckit.fakes import SigningKey

__all__ = ["RECORD_NAME", "Reached", "certify", "reach", "signing_key"]

RECORD_NAME: Final = "run.jsonl"

_REGISTRATION_PATIENCE: Final = 3.0
_POLITE_RATE: Final = 5.0
_REACHABLE_WITHIN: Final = 2.5
_ANOTHER_STARTUP: Final = 15.0
_DROPLET_ID: Final = 4711
_SERVICE_NAME: Final = "udckit-target"

Listener = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Reached:
    """A target that answers, who signs for it, and what the kit knows of its start."""

    url: str
    way: Way
    authority: Authority
    registry: str | None = None
    orchestrator: str | None = None
    boot_seconds: float | None = None
    starts: Start | None = None
    reads: Callable[[], Sequence[Line]] | None = None
    plays: Callable[[Mapping[str, str]], Target] | None = None
    """Makes a target that scenarios are played with."""
    attached: AttachedTo | None = None
    """The fakes that it was started against by somebody else."""


def certify(
    options: Options,
    listeners: Iterable[Listener] = (),
    *,
    on_reached: Callable[[Reached], None] | None = None,
) -> RunRecord:
    """Reach the target, judge what was asked for, and give the record of it.

    The record is also on disk, at `options.report_dir / RECORD_NAME`; its footer has the exit
    code. `on_reached` is told before anything is judged.

    Raises:
        InvocationError: the options make no sense.
        UnreachableError: nobody answers.
    """
    with reach(options) as reached:
        if on_reached is not None:
            on_reached(reached)
        recorder = Recorder(_record_path(options), listeners)
        try:
            _judge(options, reached, recorder)
        finally:
            recorder.close()
        return recorder.record()


def _judge(options: Options, reached: Reached, recorder: Recorder) -> None:
    settings = settings_of(options, reached)
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(asked_through(options, settings, reached, recorder))
        shelf, kind = reached.authority.tokens, reached.authority.kind
        engine = Engine(settings, source, shelf, recorder, authority=kind)
        attached = watching(reached.attached, reached.authority, settings, recorder, source.grant)
        if attached is not None:
            engine.subjects, engine.first = attached.subjects(), attached.watch
            engine.scenarios_take = attached.should_take()
        elif (company := _company(options, settings, reached, recorder)) is not None:
            engine.subjects = stack.enter_context(company).subjects()
            engine.scenarios_take = company.should_take()
        engine.run()


@contextlib.contextmanager
def asked_through(
    options: Options, settings: Settings, reached: Reached, recorder: Recorder
) -> Iterator[LiveSource]:
    """Give the source through which a target that is reached is asked, and close it afterwards."""
    authority = reached.authority
    redactor = Redactor(
        signed_by=authority.signed_by,
        secrets=(*authority.secrets, *(value for _, value in options.headers)),
        on_token=lambda facts: recorder.write(facts.as_json()),
    )
    if authority.tokens.valid is not None:
        redactor.issued(authority.tokens.valid, "the kit's valid token")
    boot = reached.boot_seconds
    measures: dict[str, Callable[[], float]] = {"floor": floor_p95}
    if boot is not None:
        measures["boot"] = lambda: boot
    around = LiveSurroundings(
        recorder,
        redactor,
        enrols=authority.enrol if settings.safety != "read-only" else None,
        starts=reached.starts,
        reads=reached.reads,
        listens=settings.is_local,
    )
    with contextlib.closing(
        LiveSource(settings, recorder, redactor, measures=measures, around=around)
    ) as source:
        yield source


def _company(
    options: Options, settings: Settings, reached: Reached, recorder: Recorder
) -> Company | None:
    """Gather the scenarios that the rows asked for need; None where no target can be launched."""
    plays = reached.plays
    wanted = wanted_rows(settings)
    scenarios = scenarios_for(wanted, settings.role)
    if (outages := outage_scenario([each.kind for each in options.dependencies])) is not None:
        more = () if outages.serves.isdisjoint(wanted) else (fitted(outages, settings.role),)
        scenarios = (*scenarios, *more)
    if plays is None or not scenarios:
        return None
    speed = options.speed if settings.role == "droplet" else 1.0  # nobody else beats
    return Company(
        scenarios,
        plays,
        recorder,
        startup=options.startup,
        boot=reached.boot_seconds or 0.0,
        speed=speed,
        wanted=wanted,
        dependencies=options.dependencies,
        triggers=options.trigger,
        declares_peers="peers" in options.has,
    )


def settings_of(options: Options, reached: Reached) -> Settings:
    """Settle what the options left open, now that the target is reached."""
    started_by_kit = reached.way in {"launch", "app"}
    safety: Safety = options.safety or ("disruptive" if started_by_kit else "additive")
    settings = Settings(
        target=reached.url,
        reached=reached.way,
        role=options.role,
        stages=options.asked_stages(reached.way),
        only=options.only,
        safety=safety,
        has=frozenset(options.has)
        | {each.capability for each in options.dependencies}
        | ({"peers"} if options.trigger else set()),
        registry=reached.registry,
        orchestrator=reached.orchestrator,
        base_path=options.base_path.rstrip("/"),
        headers=options.headers,
        public=options.public,
        rate=options.rate,
        ca_file=options.ca_file,
        health_budget=options.health_budget,
        max_time=options.max_time,
        seed=options.seed,
        effort=options.effort,
        identity=reached.authority.identity,
        known_failures=options.known_failures,
    )
    if options.rate is None and not settings.is_local and not started_by_kit:
        settings = replace(settings, rate=_POLITE_RATE)
    return settings


def reach(options: Options) -> contextlib.AbstractContextManager[Reached]:
    """Bring the target within reach, and find out who signs for it."""
    return _with_own_fakes(options) if options.url is None else _at_url(options, options.url)


@contextlib.contextmanager
def _at_url(options: Options, url: str) -> Iterator[Reached]:
    url = url.rstrip("/")
    _must_answer(url, options)
    way: Way = options.way
    if options.role == "registry":
        way, authority = "authority", _of_target(options, url)
    elif options.token is not None:
        authority = from_token(options.token)
    elif options.registry is not None:
        authority = from_registry(options.registry.rstrip("/"), ca_file=options.ca_file)
    else:
        beside = found_beside(url, declared=options.attached)
        if beside is not None:
            authority, to = beside
            registry, orchestrator = to.fakes.registry.url, to.fakes.orchestrator.url
            yield Reached(url, "fakes", authority, registry, orchestrator, attached=to)
            return
        authority = from_nothing(beside_fakes=bool(fakes.find_running_fakes()))
    yield Reached(url, way, _with_given_key(options, authority), options.registry)


@contextlib.contextmanager
def _with_own_fakes(options: Options) -> Iterator[Reached]:
    with (
        fakes.FakeRegistry() as registry,
        fakes.FakeOrchestrator(registry=registry) as orchestrator,
    ):
        environment = {
            "REGISTRY_URL": registry.url,
            "ORCHESTRATOR_URL": orchestrator.url,
            "SERVICE_NAME": _SERVICE_NAME,
            "DROPLET_ID": str(_DROPLET_ID),
            "ENVIRONMENT": "production",
            "LOG_LEVEL": "INFO",
            "SERVICE_PORT": str(free_port()),
            **{k: v for each in options.dependencies for k, v in each.environment().items()},
            **dict(options.environment),
        }
        with contextlib.ExitStack() as stack:
            boot: float | None = None
            starts: Start | None = None
            reads: Callable[[], Sequence[Line]] | None = None
            plays: Callable[[Mapping[str, str]], Target] | None = None
            attached: AttachedTo | None = None
            if options.launch is not None:
                running = stack.enter_context(
                    launch(options.launch, environment, startup=options.startup)
                )
                url, boot = running.url, running.boot_seconds
                starts, reads = _starting(options, environment), running.lines.copy
                plays = functools.partial(_target, options)
            else:
                url = stack.enter_context(serve_app(options.app or "", environment))
                attached = in_process(url, registry, orchestrator, environment)
            if options.role == "registry":
                authority = _with_given_key(options, _of_target(options, url))
                yield Reached(
                    url,
                    options.way,
                    authority,
                    boot_seconds=boot,
                    starts=starts,
                    reads=reads,
                    plays=plays,
                )
                return
            with contextlib.suppress(TimeoutError, AssertionError):
                registry.journal.wait_for(path="/register", timeout=_REGISTRATION_PATIENCE)
            authority = from_fake(registry)
            yield Reached(
                url,
                options.way,
                authority,
                registry.url,
                orchestrator.url,
                boot_seconds=boot,
                starts=starts,
                reads=reads,
                plays=plays,
                attached=attached,
            )


def _target(options: Options, more: Mapping[str, str]) -> Target:
    """Make a target that scenarios are played with."""
    return ProcessTarget(options.launch or "", {**dict(options.environment), **more})


def _starting(options: Options, environment: Mapping[str, str]) -> Start:
    """Start further instances of a launched target, each under an environment of its own."""
    numbers = itertools.count(1)

    @contextlib.contextmanager
    def start(changes: Mapping[str, str | None]) -> Iterator[str]:
        number = next(numbers)
        names = {
            "SERVICE_NAME": f"{_SERVICE_NAME}-{number}",
            "DROPLET_ID": str(_DROPLET_ID + number),
        }
        operators = {name for name, _ in options.environment} if PLAIN in changes else set()
        kept = {name: value for name, value in environment.items() if name not in operators}
        changed = {**kept, **names, **changes}
        with launch(options.launch or "", changed, startup=_ANOTHER_STARTUP) as running:
            yield running.url

    return start


def _with_given_key(options: Options, authority: Authority) -> Authority:
    """Put the operator's signing key at the forge, where one was given."""
    key = signing_key(options)
    return authority if key is None else with_key(authority, key)


def signing_key(options: Options) -> SigningKey | None:
    """Read the operator's signing key; None where none was given.

    Raises:
        InvocationError: it cannot be used.
    """
    if options.signing_key is None:
        return None
    try:
        return SigningKey.from_pem(options.signing_key.read_bytes())
    except (OSError, ValueError) as trouble:
        raise InvocationError(
            f"The signing key {options.signing_key} cannot be used: {trouble}. It should be the "
            "Registry's RSA private key in PEM, unencrypted."
        ) from trouble


def _of_target(options: Options, url: str) -> Authority:
    """A Registry signs for itself; where it is a fake, with a key that the kit may have."""
    authority = of_registry(
        url, token=options.token, headers=options.headers, ca_file=options.ca_file
    )
    return with_key_of_a_fake(authority, url) if is_loopback(url) else authority


def _must_answer(url: str, options: Options) -> None:
    """A closed port is said at once and once, not fifty times."""
    wire = Wire(url, ca_file=options.ca_file)
    ends = time.monotonic() + _REACHABLE_WITHIN
    try:
        returned = wire.send(Outgoing("GET", "/health", deadline=_REACHABLE_WITHIN))
        while returned.trouble == "refused" and time.monotonic() < ends - 2:
            time.sleep(0.1)
            returned = wire.send(Outgoing("GET", "/health", deadline=1.0))
    finally:
        wire.close()
    if returned.trouble in {"refused", "tls"}:
        host = urlsplit(url).netloc
        raise UnreachableError(
            f"Nothing can be reached at {host}: {returned.detail}. "
            "Is the droplet running, and is this its port?"
        )


def _record_path(options: Options) -> Path:
    path = options.report_dir / RECORD_NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as trouble:
        raise InvocationError(f"The report folder cannot be made: {trouble}") from trouble
    return path
