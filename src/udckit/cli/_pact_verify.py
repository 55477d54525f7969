"""`udckit pact verify`: which pacts, how the provider is reached, and where results go."""

from __future__ import annotations

import difflib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from udckit import __version__
from udckit._door import options_from
from udckit.cli._ci import Ci, ci_of
from udckit.cli._pact_broker import access_of, may_publish
from udckit.cli._pact_ending import code_of
from udckit.cli._pact_told import tell, tell_as_json
from udckit.cli._screen import complain
from udckit.conformance import InvocationError
from udckit.conformance.pacts import (
    PROVIDERS,
    Brokered,
    Finding,
    PactFile,
    bodies_of,
    broker_at,
    exit_code_of,
    kit_pacts,
    pact_files,
    results_of,
    verify,
)

__all__ = ["verified"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The pacts to verify; `brokered` are the same as the broker has them."""

    pacts: tuple[PactFile, ...]
    brokered: tuple[Brokered, ...] = ()


def verified(typed: Mapping[str, Any]) -> int:
    """Verify as typed; give the exit code."""
    return code_of(lambda: _verified(typed, ci_of(os.environ)))


def _verified(typed: Mapping[str, Any], ci: Ci) -> int:
    provider = typed["provider"]
    _known(provider)
    if typed["publish"]:
        _publishable(typed)
        may_publish(ci, typed)
    reaching = {name: typed[name] for name in _FIELDS if name in typed}
    options = options_from(
        {**reaching, "role": provider}, token_at_hand=os.environ.get("UDCKIT_TOKEN")
    )
    chosen = _chosen(typed, ci)
    findings = verify(options, chosen.pacts, _progress(as_json=typed["as_json"]))
    code = exit_code_of(findings)
    told: dict[str, Any] = {}
    if typed["publish"]:
        told = {"results": _results(typed, ci, chosen.brokered, findings)}
    if typed["as_json"]:
        tell_as_json(provider, options.url, findings, code, told)
    else:
        tell(f"{provider} at {options.url}" if options.url else f"the {provider}", findings)
        _tell_results(told.get("results"), dry=typed["dry_run"])
    return code


_FIELDS = ("url", "launch", "app", "registry", "token", "headers", "base_path", "ca_file", "config")


def _known(provider: str) -> None:
    if provider not in PROVIDERS:
        near = difflib.get_close_matches(provider, PROVIDERS, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(PROVIDERS)}."
        raise InvocationError(f"{provider!r} is no provider. {hint}")


def _publishable(typed: Mapping[str, Any]) -> None:
    """Refuse what would make a result of part of a pact, or of a pact that no broker has."""
    if typed["consumers"]:
        raise InvocationError(
            "A run of some consumers alone is never published: leave out --consumer, or --publish."
        )
    if not typed["from_broker"]:
        raise InvocationError(
            "Results are published of pacts that the broker has: add --from-broker."
        )


def _chosen(typed: Mapping[str, Any], ci: Ci) -> Chosen:
    provider, wanted = typed["name"] or typed["provider"], typed["consumers"]
    if typed["from_broker"] and typed["pacts"]:
        raise InvocationError("Give --pact or --from-broker, not both.")
    if typed["from_broker"]:
        access = access_of(typed["broker"], os.environ)
        with broker_at(access) as broker:
            brokered = broker.pacts_for(provider, typed["branch"] or ci.branch)
        if not brokered:
            raise InvocationError(
                f"The broker at {access.url} has no pact for {provider} that is of a main branch "
                "or deployed, so nothing was tested. Has a consumer published one?"
            )
        brokered = tuple(one for one in brokered if not wanted or one.pact.consumer in wanted)
        return Chosen(_some([one.pact for one in brokered], wanted), brokered)
    if typed["pacts"]:
        names = {provider, typed["provider"]}
        given = [one for one in pact_files(typed["pacts"]) if one.provider in names]
        return Chosen(_some(given, wanted))
    return Chosen(_some(list(kit_pacts(typed["provider"])), wanted))


def _some(pacts: Sequence[PactFile], wanted: Sequence[str]) -> tuple[PactFile, ...]:
    for name in wanted:
        if name not in {one.consumer for one in pacts}:
            known = ", ".join(sorted({one.consumer for one in pacts})) or "none"
            raise InvocationError(f"No pact is of the consumer {name!r}. There are: {known}.")
    return tuple(one for one in pacts if not wanted or one.consumer in wanted)


def _results(
    typed: Mapping[str, Any], ci: Ci, brokered: Sequence[Brokered], findings: Sequence[Finding]
) -> list[dict[str, Any]]:
    """Send what may be said of each pact; with --dry-run, only give it."""
    version = typed["version"] or ci.commit
    if not version:
        raise InvocationError("Of which version of the provider? Give --version, best the commit.")
    results, untold = results_of(brokered, findings)
    for why in untold:
        complain(why)
    bodies = bodies_of(results, version, ci.build_url, __version__)
    if bodies and not typed["dry_run"]:
        branch = typed["branch"] or ci.branch
        with broker_at(access_of(typed["broker"], os.environ)) as broker:
            broker.send(typed["name"] or typed["provider"], version, branch, bodies)
    return bodies


def _tell_results(results: Sequence[Mapping[str, Any]] | None, *, dry: bool) -> None:
    for one in results or ():
        if dry:
            click.echo(f"would send\nPOST {one['to']}\n{json.dumps(one['body'], indent=2)}")
        else:
            body = one["body"]
            word = "success" if body["success"] else "failure"
            click.echo(f"published: {word}, version {body['providerApplicationVersion']}")


def _progress(*, as_json: bool) -> Callable[[str], None]:
    """Say on a terminal what is being brought about: some of it has to be waited for."""
    if as_json or not sys.stderr.isatty():
        return lambda _: None
    return lambda state: click.echo(f"  … {state}", err=True)
