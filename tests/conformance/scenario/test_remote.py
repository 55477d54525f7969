"""The journal of a fake of another process tells what the fake itself knows, but no token."""

from __future__ import annotations

from http.client import HTTPConnection

import pytest

from udckit.conformance.scenario import _remote
from udckit.conformance.scenario._remote import RemoteJournal, RemoteRegistry
from udckit.fakes import FakeRegistry, RemoteFake, token_ref

BODIES = (b"", b'{"name": "a", "port": 1}', b"no JSON", b"\xff\x00\xfe")


def post(registry: FakeRegistry, body: bytes, token: str) -> None:
    line = HTTPConnection("127.0.0.1", registry.port, timeout=60)
    try:
        line.request("POST", "/register?a=b", body, {"Authorization": f"Bearer {token}"})
        line.getresponse().read()
    finally:
        line.close()


def test_remote_journal_tells_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_remote, "_PAGE", 3)  # so that it is read in two pages
    with FakeRegistry() as registry:
        given = registry.register("someone", 7)
        journal = RemoteJournal(RemoteFake(registry.url))
        journal.refresh()
        for body in BODIES:
            post(registry, body, given.token)
        journal.refresh()
        remote = RemoteRegistry(RemoteFake(registry.url), journal)
        signed, stranger = remote.signed_by(given.token), remote.signed_by("a.b.c")

    seen, own = list(journal), list(registry.journal)
    assert [each.number for each in seen] == [each.number for each in own]
    assert [(each.method, each.path, each.query, each.time, each.answered) for each in seen] == [
        (each.method, each.path, each.query, each.time, each.answered) for each in own
    ]
    assert [each.json for each in seen] == [each.json for each in own]
    assert seen[2].body == BODIES[2]
    assert [list(map(str, each.problems)) for each in seen] == [
        list(map(str, each.problems)) for each in own
    ]
    assert {each.token for each in seen} == {f"<token:{token_ref(given.token)}>"}
    assert (signed, stranger) == ("authority", None)
