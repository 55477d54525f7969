"""The one file that knows pact-python: it writes contracts, and has them verified."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from udckit.conformance.errors import InvocationError
from udckit.conformance.pacts._contract import Contract, Need, OneWay

if TYPE_CHECKING:
    from pact import Pact, Verifier

__all__ = ["MISSING", "Verified", "has_pact", "must_have_pact", "verify_file", "write_contract"]

_DO_NOT_TRACK = ("PACT_DO_NOT_TRACK", "true")
MISSING = "Pact is not installed, and this needs it: pip install 'udckit[pact]'"
_MILLISECONDS = 30_000
"""More than the relay has for an answer, so that it is the relay that says what was in the way."""
_FFI_WORDS = ("pactRust",)

Client = Callable[[str, Need | OneWay], None]
"""Real client code: it is given the mock server's URL, or the contents of a one-way body."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What the pact core said of one file: for each failed description, its mismatches."""

    judged: frozenset[str]
    failed: Mapping[str, tuple[Mapping[str, Any], ...]]
    output: str


def has_pact() -> bool:
    """Tell whether the optional packages are there."""
    from importlib.util import find_spec  # noqa: PLC0415 - asked once

    return find_spec("pact") is not None


def write_contract(contract: Contract, folder: Path, client: Client | None = None) -> Path:
    """Write a contract below `folder`; `client` must make each exchange happen as it stands.

    Without a client the exchanges were observed elsewhere, and are written down as they are.

    Raises:
        AssertionError: the client sent something else than the contract says.
        InvocationError: pact-python is not installed.
    """
    with tempfile.TemporaryDirectory() as made:
        for need in contract.needs:
            _write_one(contract, need, Path(made), client)
        raw = Path(made) / contract.file_name
        document = _in_order(json.loads(raw.read_text("utf-8")), contract.marks)
    path = folder / contract.file_name
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", "utf-8")
    return path


def verify_file(
    path: Path,
    url: str,
    provider: str,
    *,
    states_at: str,
    messages_at: str,
) -> Verified:
    """Have one pact file verified; states and one-way messages come from the kit's own server."""
    verifier = _verifier(provider, url, states_at, messages_at)
    verifier.add_source(path)
    return _run(verifier)


def _run(verifier: Verifier) -> Verified:
    verifier.set_coloured_output(enabled=False)
    with _silenced(), contextlib.suppress(RuntimeError):  # the results say which failed, and how
        verifier.verify()
    found: dict[str, tuple[Mapping[str, Any], ...]] = {}
    judged: set[str] = set()
    for one in verifier.results.get("interactionResults", ()):
        judged.add(one["description"])
        if one["result"] != "OK":
            mismatch = one.get("mismatch", {})
            message = mismatch.get("message") or "the provider did not answer"
            said = mismatch.get("mismatches") or [{"type": "Error", "mismatch": message}]
            found[one["description"]] = tuple(said)
    return Verified(frozenset(judged), found, verifier.output(strip_ansi=True))


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Keep the pact core, which writes to the descriptor itself, off standard output."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _verifier(provider: str, url: str, states_at: str, messages_at: str) -> Verifier:
    must_have_pact()
    from pact import Verifier  # noqa: PLC0415 - an optional package

    host = re.sub(r"^https?://(\[[^]]*\]|[^:/]+).*$", r"\1", url)
    verifier = Verifier(provider, host=host).add_transport(url=url)
    kit = urlsplit(messages_at)
    verifier.add_transport(protocol="message", port=kit.port, path=kit.path)
    verifier.set_request_timeout(_MILLISECONDS)
    verifier.follow_redirects(follow=False)
    return verifier.state_handler(states_at, body=True)


def _write_one(
    contract: Contract, need: Need | OneWay, folder: Path, client: Client | None
) -> None:
    pact = _pact(contract)
    if isinstance(need, OneWay):
        _one_way(pact, need, client)
        pact.write_file(folder)
        return
    _describe(pact, need)
    if client is None:
        pact.write_file(folder)
        return
    with pact.serve(raises=False) as server:
        client(str(server.url), need)
        wrong = [str(each) for each in server.mismatches]
        if wrong or not server.matched:
            raise AssertionError(f"{need.description}: {'; '.join(wrong) or 'never asked'}")
        server.write_file(folder)


def _pact(contract: Contract) -> Pact:
    must_have_pact()
    from pact import Pact  # noqa: PLC0415 - an optional package

    return Pact(contract.consumer, contract.provider).with_specification("V4")


def _describe(pact: Pact, need: Need) -> None:
    one = pact.upon_receiving(need.description)
    if need.state is not None:
        one.given(need.state, dict(need.params)) if need.params else one.given(need.state)
    one.with_request(need.method, need.path if isinstance(need.path, str) else _text(need.path))
    one.with_headers({name: _text(value) for name, value in need.headers.items()})
    if need.body is not None:
        one.with_body(json.dumps(need.body), "application/json")
    one.will_respond_with(need.example_status)
    if isinstance(need.status, str):
        rule = {"status": {"matchers": [{"match": "statusCode", "status": need.status}]}}
        one.with_matching_rules(rule, "Response")
    if need.answer is not None:
        for name, value in need.answer_headers.items():
            one.with_header(name, _text(value), "Response")
        one.with_body(json.dumps(need.answer), "application/json", "Response")
    if need.requirements:
        one.set_comment("requirements", list(need.requirements))


def _one_way(pact: Pact, need: OneWay, client: Client | None) -> None:
    one = pact.upon_receiving(need.description, "Async")
    if need.state is not None:
        one.given(need.state, dict(need.params)) if need.params else one.given(need.state)
    one.with_body(json.dumps(need.contents), "application/json")
    one.set_comment("operation", need.operation)
    one.set_comment("requirements", list(need.requirements))
    if client is not None:
        take = client
        pact.verify(lambda body, _: take(str(body), need), "Async")


def _in_order(document: dict[str, Any], marks: Mapping[str, str]) -> dict[str, Any]:
    """Leave out which build wrote it, so that the same contract is the same file."""
    metadata = document["metadata"]
    for word in _FFI_WORDS:
        metadata.pop(word, None)
    if marks:
        metadata["udckit"] = dict(marks)
    document["interactions"].sort(key=lambda one: (one["type"], one["description"]))
    return document


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def must_have_pact() -> None:
    """Raise InvocationError, with the line that installs it, where Pact is not there."""
    if not has_pact():
        raise InvocationError(MISSING)
    os.environ.setdefault(*_DO_NOT_TRACK)
