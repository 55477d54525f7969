"""`udckit pact publish` and `can-i-deploy`: what goes to a broker, and what it says."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from udckit.cli._ci import Ci, ci_of
from udckit.cli._pact_ending import code_of
from udckit.conformance import EXIT, InvocationError
from udckit.conformance.pacts import (
    Answer,
    BrokerAccess,
    Publication,
    broker_at,
    can_i_deploy,
    pact_files,
    publication_of,
    tool_words,
)
from udckit.reports import printable

__all__ = ["access_of", "asked", "may_publish", "published"]

_CODES: Final = {"yes": EXIT["certified"], "no": EXIT["broken"], "unknown": EXIT["incomplete"]}
_MARKS: Final = {True: "✓", False: "✗", None: "?"}


def published(typed: Mapping[str, Any]) -> int:
    """Publish what was typed; give the exit code."""
    return code_of(lambda: _published(typed, ci_of(os.environ)))


def asked(typed: Mapping[str, Any]) -> int:
    """Ask whether a version may be deployed; give the exit code."""
    return code_of(lambda: _asked(typed, ci_of(os.environ)))


def access_of(url: str | None, environ: Mapping[str, str]) -> BrokerAccess:
    """Say which broker, and as whom; raise InvocationError without an address."""
    if not url:
        raise InvocationError(
            "Which Pact Broker? Give --broker URL, or set PACT_BROKER_BASE_URL; one of your own "
            "starts with: docker compose up pact-broker"
        )
    return BrokerAccess(
        url,
        environ.get("PACT_BROKER_TOKEN") or None,
        environ.get("PACT_BROKER_USERNAME") or None,
        environ.get("PACT_BROKER_PASSWORD") or None,
    )


def may_publish(ci: Ci, typed: Mapping[str, Any]) -> None:
    """Refuse what is no CI, unless it was forced."""
    if not (ci.here or typed["force"] or typed["dry_run"]):
        raise InvocationError(
            "This is no CI (CI is not set), and what is published from a desk misleads everybody "
            "else. Use --dry-run to see what would be sent, or --force if you mean it."
        )


def _published(typed: Mapping[str, Any], ci: Ci) -> int:
    may_publish(ci, typed)
    access = access_of(typed["broker"], os.environ)
    paths = typed["paths"] or (Path("pacts"),)
    publication = publication_of(
        pact_files(paths),
        version=typed["version"] or ci.commit,
        branch=typed["branch"] or ci.branch,
        build_url=ci.build_url,
    )
    if typed["dry_run"]:
        _would_publish(access, publication)
        return EXIT["certified"]
    with broker_at(access) as broker:
        notices = broker.publish(publication)
    for notice in notices:
        click.echo(f"  broker    {printable(notice)}")
    providers = ", ".join(pact.provider for pact in publication.pacts)
    click.echo(
        f"published {publication.consumer} {publication.version}"
        f"{f' of {publication.branch}' if publication.branch else ''}: what it needs of {providers}"
    )
    return EXIT["certified"]


def _would_publish(access: BrokerAccess, publication: Publication) -> None:
    body = publication.as_json()
    for one, pact in zip(body["contracts"], publication.pacts, strict=True):
        one["content"] = f"<{len(pact.interactions)} interactions of {pact.path}, in base64>"
    click.echo(f"would send, with {access.shown}:")
    click.echo(f"POST {access.url.rstrip('/')}/contracts/publish")
    click.echo(json.dumps(body, indent=2))


def _asked(typed: Mapping[str, Any], ci: Ci) -> int:
    access = access_of(typed["broker"], os.environ)
    version = typed["version"] or ci.commit
    if not version:
        raise InvocationError("Which version? Give --version, the one that was published.")
    if typed["dry_run"]:
        words = tool_words(access, typed["name"], version, typed["environment"], wait=typed["wait"])
        click.echo(f"would ask, with {access.shown}:\n{shlex.join(('pact', *words))}")
        return EXIT["certified"]
    answer = can_i_deploy(access, typed["name"], version, typed["environment"], wait=typed["wait"])
    code = _CODES[answer.word]
    if typed["as_json"]:
        pairs = [
            {"consumer": one.consumer, "provider": one.provider, "verified": one.verified}
            for one in answer.pairs
        ]
        facts = {"answer": answer.word, "reason": answer.reason, "pairs": pairs, "exit_code": code}
        click.echo(json.dumps(facts))
        return code
    _tell(f"{typed['name']} {version} to {typed['environment']}", answer)
    return code


def _tell(what: str, answer: Answer) -> None:
    words = {"yes": "yes", "no": "no", "unknown": "not yet"}
    click.echo(f"{words[answer.word]}: {what}. {printable(answer.reason)}")
    for one in answer.pairs:
        click.echo(printable(f"  {_MARKS[one.verified]} {one.consumer} needs {one.provider}"))
