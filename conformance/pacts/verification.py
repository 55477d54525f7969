"""Verification: whether a provider keeps what its consumers lean on, by requirement."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from udckit.conformance.authority import of_registry
from udckit.conformance.certify import Reached, reach, signing_key
from udckit.conformance.errors import InvocationError, NotApplicable, NotObserved
from udckit.conformance.observation import quote
from udckit.conformance.options import Options
from udckit.conformance.pacts._adapter import must_have_pact, verify_file
from udckit.conformance.pacts._document import PROVIDERS, Interaction, PactFile
from udckit.conformance.pacts._listener import Listener
from udckit.conformance.pacts._promises import requirements_at
from udckit.conformance.pacts._relay import Relay
from udckit.conformance.pacts._replay import replay_of
from udckit.conformance.pacts._states import ANY_STATE, Stage, bring_about
from udckit.conformance.pacts.two_way import disagreements
from udckit.specs import catalogue

__all__ = ["Finding", "Mismatch", "exit_code_of", "verify"]

Word = Literal["pass", "fail", "not_observed", "not_applicable", "error"]
_MOST_IDS: Final = 3
_CODES: Final[tuple[tuple[Word, int], ...]] = (("fail", 1), ("error", 3), ("not_observed", 5))


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that a consumer needs and did not get, and the requirements that promise it."""

    requirements: tuple[str, ...]
    expected: str
    observed: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one interaction; `reason` says why nothing was judged, or what failed."""

    consumer: str
    provider: str
    description: str
    verdict: Word
    mismatches: tuple[Mismatch, ...] = ()
    reason: str = ""
    blocked_by: str | None = None
    unpromised: tuple[str, ...] = ()
    """Where the consumer asks for what the contract does not promise: that blames no provider."""
    replay: str = ""
    """Of a failure: the command that asks again."""


def verify(
    options: Options, pacts: Iterable[PactFile], tell: Callable[[str], None] = lambda _: None
) -> list[Finding]:
    """Verify a provider (`options.role`) against pacts, whose states the kit brings about.

    The findings come in the order of the pacts and of their interactions. `tell` hears of each
    state before it is brought about: some have to be waited for.

    Raises:
        InvocationError: no pact is of this provider.
        UnreachableError: nobody answers.
    """
    must_have_pact()
    files = [pact for pact in pacts if pact.interactions]
    if not files:
        raise InvocationError(f"No pact names {options.role} as its provider: nothing was tested.")
    with reach(options) as reached, Listener() as listener:
        stage = _stage(options, reached, listener)
        return [finding for pact in files for finding in _verified(pact, stage, tell)]


def exit_code_of(findings: Iterable[Finding]) -> int:
    """Give the exit code that findings come to; where nothing was judged at all, that is 2."""
    words = {finding.verdict for finding in findings}
    return next((code for word, code in _CODES if word in words), 0 if "pass" in words else 2)


def _stage(options: Options, reached: Reached, listener: Listener) -> Stage:
    authority, registry = reached.authority, reached.registry
    if options.role == "registry":
        registry = reached.url
        if options.token is not None:  # whose it is has a droplet_id that nobody knows
            own = of_registry(reached.url, headers=options.headers, ca_file=options.ca_file)
            authority = own if own.tokens.valid is not None else authority
    return Stage(
        reached.url + options.base_path.rstrip("/"),
        options.role,
        authority,
        listener,
        registry,
        reached.orchestrator,
        signing_key(options),
        options.headers,
        options.ca_file,
    )


def _verified(pact: PactFile, stage: Stage, tell: Callable[[str], None]) -> list[Finding]:
    """States first, each once: one that fails is the kit's own error, and nothing waits for it."""
    findings: dict[int, Finding] = {}
    produced: dict[str, Any] = {}
    values: dict[str, Mapping[str, Any]] = {}
    troubles: dict[str, tuple[Word, str, str | None]] = {}
    for place, one in enumerate(pact.interactions):
        for state in one.states or (ANY_STATE,):
            if state not in values and state not in troubles:
                if state != ANY_STATE:
                    tell(state)
                _prepare(state, stage, values, troubles)
            if state in troubles:
                word, reason, blocked_by = troubles[state]
                findings[place] = _found(one, word, (), reason, blocked_by)
            elif one.is_message:
                produced[str(place)] = values[state].get("contents")
    ready = [place for place in range(len(pact.interactions)) if place not in findings]
    if ready:
        stage.listener.values = dict(values)
        stage.listener.messages = produced
        findings |= _judged(pact, stage, ready)
    asked: dict[str, tuple[str, ...]] = {}
    for each in disagreements(pact):
        told = f"{each.at}: {each.what}"
        asked[each.description] = (*asked.get(each.description, ()), told)
    return [
        replace(findings[place], unpromised=asked.get(one.description, ()))
        for place, one in enumerate(pact.interactions)
    ]


def _prepare(
    state: str,
    stage: Stage,
    values: dict[str, Mapping[str, Any]],
    troubles: dict[str, tuple[Word, str, str | None]],
) -> None:
    try:
        values[state] = bring_about(state, stage)
    except NotObserved as missing:
        troubles[state] = ("not_observed", missing.reason, missing.blocked_by)
    except NotApplicable as free:
        troubles[state] = ("not_applicable", free.reason, None)
    except OSError as silence:
        troubles[state] = ("not_observed", f"{state!r} did not come about: {silence}", None)
    except Exception as fault:  # noqa: BLE001 - whatever a state raises, it is not the provider's fault
        troubles[state] = ("error", f"the state {state!r} failed: {fault!r}", None)


def _judged(pact: PactFile, stage: Stage, ready: Sequence[int]) -> dict[int, Finding]:
    relay = Relay(stage.url, headers=stage.headers, ca_file=stage.ca_file)
    with tempfile.TemporaryDirectory() as folder, relay:
        path = Path(folder) / "pact.json"
        path.write_text(json.dumps(pact.numbered(ready)), "utf-8")
        said = verify_file(
            path,
            relay.url,
            pact.provider,
            states_at=stage.listener.states_at,
            messages_at=stage.listener.messages_at,
        )
    found: dict[int, Finding] = {}
    for place in ready:
        one = pact.interactions[place]
        if str(place) not in said.judged:
            why = "the pact core judged nothing here: " + said.output.strip()[-200:]
            found[place] = _found(one, "error", (), why)
        elif str(place) in said.failed:
            wrong = tuple(_mismatch(one, each, relay) for each in _causes(said.failed[str(place)]))
            values = {k: v for state in one.states for k, v in stage.listener.values[state].items()}
            again = replay_of(one, stage.url, values)
            found[place] = replace(_found(one, "fail", wrong), replay=again)
        else:
            found[place] = _found(one, "pass", ())
    return found


def _causes(raw: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Another status explains whatever else is wrong with an answer."""
    status = [each for each in raw if each.get("type") == "StatusMismatch"]
    return status or raw


def _found(
    one: Interaction,
    word: Word,
    mismatches: tuple[Mismatch, ...],
    reason: str = "",
    blocked_by: str | None = None,
) -> Finding:
    return Finding(
        one.consumer, one.provider, one.description, word, mismatches, reason, blocked_by
    )


def _mismatch(one: Interaction, raw: Mapping[str, Any], relay: Relay) -> Mismatch:
    """Say a mismatch in the kit's words; expected and observed come from the pact core as text."""
    observed = raw.get("actual")
    match raw.get("type"):
        case "StatusMismatch":
            return Mismatch(
                _own(one, one.requirements), f"status {one.status}", f"status {observed}"
            )
        case "HeaderMismatch":
            name = raw.get("key", "")
            ids = ("UDC-ALL-002",) if str(name).lower() == "content-type" else one.requirements
            return Mismatch(_own(one, ids), f"header {name}", quote(observed))
        case "BodyMismatch" | "BodyTypeMismatch":
            return _of_body(one, raw)
    said = str(raw.get("mismatch", "none"))
    path = said.partition(relay.url)[2].partition(")")[0].partition("?")[0]
    why = relay.troubles.get((str(one.request.get("method", "GET")), path), said[:200])
    return Mismatch(_own(one, one.requirements), "an answer", why)


def _of_body(one: Interaction, raw: Mapping[str, Any]) -> Mismatch:
    place = str(raw.get("path", "$"))
    missing = _missing(raw)
    place = f"{place}.{missing}" if missing else place
    operation = one.operation
    ids = one.requirements
    if operation is not None:
        ids = requirements_at(operation, None if one.is_message else one.status, place)
    where = place.removeprefix("$").removeprefix(".").removeprefix("/") or "a body"
    if missing:
        return Mismatch(_own(one, ids), f"a member {where}", "no such member")
    return Mismatch(
        _own(one, ids), f"{where} as in {quote(raw.get('expected'))}", quote(raw.get("actual"))
    )


def _missing(raw: Mapping[str, Any]) -> str | None:
    """Name the first member that is not there, where that is what the pact core says."""
    said = str(raw.get("mismatch", ""))
    if "missing the following keys: " not in said:
        return None
    return said.partition("missing the following keys: ")[2].split(",")[0].strip()


def _own(one: Interaction, ids: Iterable[str]) -> tuple[str, ...]:
    """Those that bind this provider: what the consumer says it leans on first, then MUST first."""
    rows = catalogue()
    role = one.provider if one.provider in PROVIDERS else "droplet"
    bound = [each for each in ids if each in rows and role in rows[each].roles]
    if not bound:
        bound = [each for each in one.requirements if each in rows]
    order = sorted(bound, key=lambda each: (each not in one.says, rows[each].level != "MUST"))
    return tuple(dict.fromkeys(order))[:_MOST_IDS]
