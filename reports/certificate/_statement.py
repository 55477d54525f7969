"""The in-toto statement: what a record shows, as `test-result/v0.1` with the kit's own facts."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from udckit.conformance import InvocationError, Verdict
from udckit.reports._account import Account
from udckit.reports._cases import asked_rows
from udckit.reports._printable import one_line
from udckit.reports._seen import ended, identity, utc
from udckit.reports.certificate._envelope import canonical
from udckit.specs import catalogue

__all__ = ["Subject", "certificate_schema", "commit", "image", "kit_digest", "statement"]

_STATEMENT: Final = "https://in-toto.io/Statement/v1"
_PREDICATE: Final = "https://in-toto.io/attestation/test-result/v0.1"
_FORM: Final = 1
_A_DAY: Final = 86_400
_IMAGE: Final = re.compile(r"(?:(?P<name>[^@\s]+)@)?sha256:(?P<digest>[0-9a-f]{64})")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PARTS: Final = (".py", ".json", ".yaml", ".pem", ".html", ".css", ".js")
_WORDS: Final = ("pass", "fail", "not_observed", "not_applicable", "error")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a certificate speaks of. `claimed`: the signer says so, and the kit did not see it."""

    name: str
    digest: tuple[str, str]
    claimed: bool = True

    def as_json(self) -> dict[str, Any]:
        """Give the resource descriptor."""
        algorithm, value = self.digest
        return {
            "name": self.name,
            "digest": {algorithm: value},
            "annotations": {"claimed": self.claimed},
        }


def image(text: str) -> Subject:
    """Read `NAME@sha256:HEX` or `sha256:HEX`.

    Raises:
        InvocationError: it is neither; a tag names no image for good.
    """
    found = _IMAGE.fullmatch(text)
    if found is None:
        raise InvocationError(
            f"{text!r} names no image for good: give its digest, NAME@sha256:… (64 hex digits)."
        )
    return Subject(found["name"] or "image", ("sha256", found["digest"]))


def commit(text: str) -> Subject:
    """Read a whole git commit id.

    Raises:
        InvocationError: it is abbreviated, or none.
    """
    if _COMMIT.fullmatch(text) is None:
        raise InvocationError(f"{text!r} is no whole git commit id: give all its 40 hex digits.")
    return Subject("git commit", ("gitCommit", text))


def statement(
    account: Account,
    digest: str,
    *,
    covers: Sequence[str],
    subjects: Sequence[Subject],
    days: int,
) -> dict[str, Any]:
    """Write the statement of a record with the given SHA-256. It is dated by its evidence."""
    rows = [each for each in asked_rows(account) if each.stage in covers]
    moment = int(ended(account.record))
    unmet = _ids(rows, "fail")
    return {
        "_type": _STATEMENT,
        "subject": [each.as_json() for each in (_seen(account), *subjects)],
        "predicateType": _PREDICATE,
        "predicate": {
            "result": "WARNED" if unmet else "PASSED",
            "configuration": _configuration(account, digest),
            "passedTests": _ids(rows, "pass"),
            "warnedTests": unmet,
            "failedTests": [],
            "udckit": {
                "form": _FORM,
                "edition": str(account.record.header["edition"]),
                "role": account.settings.role,
                "target": one_line(account.settings.target + account.settings.base_path),
                "reached": account.settings.reached,
                "safety": account.settings.safety,
                "seed": account.settings.seed,
                "covers": list(covers),
                "stages": _stages(account),
                "shouldsNotMet": [{"id": each, "text": catalogue()[each].text} for each in unmet],
                "doesNotSpeakFor": list(_silence(account, covers, rows)),
                "began": utc(float(account.record.header["started"])),
                "issued": utc(moment),
                "expires": utc(moment + days * _A_DAY),
            },
        },
    }


def _seen(account: Account) -> Subject:
    """Say what the kit saw for itself: who answered, and where."""
    who = identity(account.record)
    facts = {
        "target": account.settings.target + account.settings.base_path,
        "service_name": who.name,
        "version": who.version,
        "droplet_id": who.droplet_id,
    }
    name = one_line(who.title or account.settings.target)
    return Subject(name, ("sha256", hashlib.sha256(canonical(facts)).hexdigest()), claimed=False)


def _configuration(account: Account, digest: str) -> list[dict[str, Any]]:
    header = account.record.header
    specs = hashlib.sha256(canonical(header["specs"])).hexdigest()
    return [
        _resource("udckit", kit_digest(), uri=f"pkg:pypi/udckit@{header['kit']}"),
        _resource("specs", specs),
        _resource(f"edition {header['edition']}", str(header["edition_digest"])),
        _resource("run.jsonl", digest, mediaType="application/jsonl"),
    ]


def _resource(name: str, digest: str, **more: str) -> dict[str, Any]:
    return {"name": name, "digest": {"sha256": digest}, **more}


def _stages(account: Account) -> dict[str, Any]:
    return {
        each.stage: {
            "word": each.word,
            "verdicts": {word: each.counts.get(word, 0) for word in _WORDS}
            if each.word != "not_asked"
            else {},
        }
        for each in account.stages
    }


def _silence(
    account: Account, covers: Sequence[str], rows: Sequence[Verdict]
) -> Iterator[Mapping[str, str]]:
    """Name what the certificate does not speak for, and why."""
    for each in account.stages:
        if each.stage not in covers:
            yield {"what": f"stage {each.stage}", "why": each.word.replace("_", " ")}
    for name in account.absent:
        why = "could not be looked for" if name in account.unknown else "the target shows none"
        yield {"what": f"capability {name}", "why": why}
    for row in rows:
        if row.verdict == "not_observed":
            yield {"what": row.id, "why": one_line(row.message)}


def _ids(rows: Sequence[Verdict], word: str) -> list[str]:
    return [each.id for each in rows if each.verdict == word]


@cache
def kit_digest() -> str:
    """Reckon the digest of this kit: every file of it that can bear on a verdict."""
    whole = hashlib.sha256()
    for name, content in sorted(_files(files("udckit"), "")):
        whole.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return whole.hexdigest()


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for each in folder.iterdir():
        if each.is_dir() and each.name not in {"__pycache__", "node_modules"}:
            yield from _files(each, f"{prefix}{each.name}/")
        elif each.is_file() and each.name.endswith(_PARTS):
            yield f"{prefix}{each.name}", each.read_bytes()


@cache
def certificate_schema() -> Mapping[str, Any]:
    """Give the JSON Schema of the statement."""
    text = (
        files("udckit.reports.certificate").joinpath("certificate.schema.json").read_text("utf-8")
    )
    schema: dict[str, Any] = json.loads(text)
    return schema
