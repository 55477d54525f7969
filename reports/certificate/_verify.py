"""Verifying, offline: every way in which a certificate can be wrong has its own message."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from jsonschema_rs import Draft202012Validator

from udckit import __version__
from udckit.conformance import InvocationError, read_record
from udckit.reports._account import account_of
from udckit.reports.certificate._envelope import opened
from udckit.reports.certificate._errors import RefusedError
from udckit.reports.certificate._keys import PublicKey
from udckit.reports.certificate._statement import Subject, certificate_schema, statement
from udckit.reports.rejudging import differences

__all__ = ["Certificate", "Demand", "verify"]

_A_DAY: Final = 86_400
_CLOCKS_DIFFER: Final = 300
_RECORD: Final = "run.jsonl"
_KIT: Final = "udckit"


@dataclass(frozen=True, slots=True)
class Demand:
    """What a certificate must speak of for whoever asks, beside being whole and in date."""

    stages: tuple[str, ...] = ()
    subject: str | None = None
    """An image digest (`sha256:…`), a git commit, or the name of a subject."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that was verified."""

    statement: Mapping[str, Any]
    key_id: str

    @property
    def facts(self) -> Mapping[str, Any]:
        """The kit's own facts."""
        facts: Mapping[str, Any] = self.statement["predicate"]["udckit"]
        return facts

    @property
    def covers(self) -> tuple[str, ...]:
        """The stages that are certified."""
        return tuple(self.facts["covers"])

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """What it speaks of; the first is what the kit saw for itself."""
        return tuple(
            Subject(
                each["name"],
                next(iter(each["digest"].items())),
                claimed=each["annotations"]["claimed"],
            )
            for each in self.statement["subject"]
        )

    @property
    def expires(self) -> float:
        """The moment at which it ends, in seconds since the epoch."""
        return _moment(self.facts["expires"])

    def digest_of(self, name: str) -> str:
        """Give the SHA-256 of a part of its configuration: udckit, specs, run.jsonl."""
        resources = self.statement["predicate"]["configuration"]
        return next(str(each["digest"]["sha256"]) for each in resources if each["name"] == name)


def verify(
    content: bytes,
    key: PublicKey,
    *,
    now: float,
    demand: Demand = Demand(),  # noqa: B008 - frozen, and asks for nothing
    record: Path | None = None,
) -> Certificate:
    """Verify a certificate; with a record, judge that again and compare.

    Raises:
        RefusedError: it must not be believed; `reason` says why in a word.
        InvocationError: the record cannot be read.
    """
    facts = opened(content, key)
    problem = next(iter(Draft202012Validator(dict(certificate_schema())).iter_errors(facts)), None)
    if problem is not None:
        where = "/".join(map(str, problem.instance_path)) or "the whole"
        raise RefusedError("content", f"It is signed, and no certificate of udckit's: {where}.")
    certificate = Certificate(facts, key.id)
    _must_be_in_date(certificate, now)
    _must_answer(certificate, demand)
    if record is not None:
        _must_be_judged_alike(certificate, record)
    return certificate


def _must_be_in_date(certificate: Certificate, now: float) -> None:
    issued, expires = certificate.facts["issued"], certificate.facts["expires"]
    if _moment(issued) > now + _CLOCKS_DIFFER:
        raise RefusedError("early", f"It is dated {issued}, which is still to come.")
    if certificate.expires <= now:
        raise RefusedError("expired", f"It expired at {expires}. Certify again.")


def _must_answer(certificate: Certificate, demand: Demand) -> None:
    lacking = [each for each in demand.stages if each not in certificate.covers]
    if lacking:
        raise RefusedError(
            "stage",
            f"It does not cover {', '.join(lacking)}; it covers {', '.join(certificate.covers)}.",
        )
    if demand.subject is None:
        return
    wanted = demand.subject.rpartition("@")[2].removeprefix("sha256:")
    known = certificate.subjects
    if not any(wanted == each.digest[1] or demand.subject == each.name for each in known):
        named = ", ".join(each.name for each in known)
        raise RefusedError("subject", f"It does not speak of {demand.subject}, but of {named}.")


def _must_be_judged_alike(certificate: Certificate, path: Path) -> None:
    """Judge the record again that the certificate carries the digest of, and write it anew."""
    try:
        content = path.read_bytes()
    except OSError as trouble:
        raise InvocationError(f"The record {path} cannot be read: {trouble}") from trouble
    digest = hashlib.sha256(content).hexdigest()
    if digest != certificate.digest_of(_RECORD):
        raise RefusedError(
            "record",
            f"{path.name} is not the record that was certified: its SHA-256 is {digest[:12]}…, "
            f"and {certificate.digest_of(_RECORD)[:12]}… was signed.",
        )
    run = read_record(path)
    found = list(differences(run)) or _other_statement(certificate, run, digest)
    if found:
        made_by = str(run.header.get("kit"))
        hint = (
            "" if made_by == __version__ else f" (udckit {made_by} made it, this is {__version__})"
        )
        raise RefusedError(
            "rejudged", f"Judging the record again comes to something else{hint}: {found[0]}"
        )


def _other_statement(certificate: Certificate, run: Any, digest: str) -> list[str]:
    """Say where the statement differs from what the record gives now; the kit itself may."""
    term = certificate.expires - _moment(certificate.facts["issued"])
    again = statement(
        account_of(run),
        digest,
        covers=certificate.covers,
        subjects=certificate.subjects[1:],
        days=round(term / _A_DAY),
    )
    return _unequal("", _without_kit(certificate.statement), _without_kit(again))


def _without_kit(value: Mapping[str, Any]) -> dict[str, Any]:
    predicate = dict(value["predicate"])
    predicate["configuration"] = [
        each for each in predicate["configuration"] if each["name"] != _KIT
    ]
    return {**value, "predicate": predicate}


def _unequal(at: str, signed: Any, again: Any) -> list[str]:
    if isinstance(signed, dict) and isinstance(again, dict) and signed.keys() == again.keys():
        return [one for key in signed for one in _unequal(f"{at}/{key}", signed[key], again[key])]
    return [] if signed == again else [f"{at} is not what was signed"]


def _moment(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
