"""Every right droplet is certified in stage security, whatever it may do otherwise than others."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from conftest import REQUESTS
from faults.security_stand import SecurityStand, security_stand

from fleet_support import REFERENCE, fleet
from udckit.conformance.forge import Forge, In, Recipe, recipe

MOST_REQUESTS = 800
ADVISED = {
    "node_jose": {"AUTH-026"},
    "fastapi_validates_first": {"AUTH-026"},
    "java_httpserver": {"UDC-MSG-020"},
}
"""SHOULDs that a droplet does not keep, and need not: errors of the form {detail}, for one."""

Stands = Callable[[str], SecurityStand]
MESSAGE = {"from_service": "udckit-probe", "message_type": "query", "payload": {}}
HALF_A_MINUTE_LATE = Recipe(
    name="late", words="", ids=(), by="authority", claims={"iat": In(-90), "exp": In(-30)}
)


@pytest.fixture(scope="module")
def stands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stands]:
    """Give stands by name; each droplet comes up once, when it is first asked for."""
    up: dict[str, SecurityStand] = {}
    with ExitStack() as stack:

        def give(name: str) -> SecurityStand:
            if name not in up:
                folder = tmp_path_factory.mktemp(name)
                up[name] = stack.enter_context(security_stand(name, folder))
            return up[name]

        yield give


def status_of(
    stand: SecurityStand, call: str, token: str | None = None, body: bytes | None = None
) -> int:
    """Ask the droplet itself, and give the status."""
    method, path = call.split(" ")
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection = http.client.HTTPConnection(stand.url.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def forge_of(stand: SecurityStand) -> Forge:
    forge = stand.authority.tokens.forge
    assert forge is not None
    return forge


@pytest.mark.parametrize("name", [each.name for each in (*fleet(), REFERENCE)])
def test_right_droplet_is_certified_in_security(
    name: str, stands: Stands, record_property: Callable[[str, object], None]
) -> None:
    seen = stands(name).run()

    assert sorted(map(seen.said, seen.failed("MUST"))) == []
    assert seen.failed("SHOULD") | seen.failed("MAY") <= ADVISED.get(name, set())
    assert seen.errors() == []
    assert {each.stage: each.word for each in seen.outcomes.stages}["security"] == "certified"
    record_property(REQUESTS, seen.outcomes.requests_sent)
    assert seen.outcomes.requests_sent <= MOST_REQUESTS


@pytest.mark.parametrize(
    ("name", "status"), [("fastapi_validates_first", 422), ("starlette_middleware", 401)]
)
def test_bad_body_may_be_told_before_the_token_is_missed(
    name: str, status: int, stands: Stands
) -> None:
    assert status_of(stands(name), "POST /message", body=b'{"payload": 1}') == status


@pytest.mark.parametrize(("name", "status"), [("aiohttp_pyjwt", 401), ("flask_metrics", 200)])
def test_capabilities_may_be_open_or_not(name: str, status: int, stands: Stands) -> None:
    assert status_of(stands(name), "GET /capabilities") == status


@pytest.mark.parametrize(("name", "status"), [("aiohttp_pyjwt", 200), ("node_bare", 401)])
def test_a_minute_of_leeway_is_legal_and_none_is(name: str, status: int, stands: Stands) -> None:
    late = forge_of(stands(name)).make(HALF_A_MINUTE_LATE)

    assert status_of(stands(name), "GET /state", late) == status


@pytest.mark.parametrize(
    ("name", "status"), [("node_jose", 431), ("flask_metrics", 401), ("tornado_behind_nginx", 400)]
)
def test_oversize_header_may_be_refused_by_the_server(
    name: str, status: int, stands: Stands
) -> None:
    oversize = forge_of(stands(name)).make(recipe("header-oversize"))

    assert status_of(stands(name), "GET /state", oversize) == status


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("flask_metrics", "jwk.construct("),
        ("starlette_middleware", "RSAKey"),
        ("node_jose", "importSPKI("),
        ("node_bare", "createPublicKey(pem)"),
    ],
)
def test_key_may_be_held_in_either_form(name: str, form: str, stands: Stands) -> None:
    """The first two make a JWK of the PEM that the Registry serves, the others keep a PEM."""
    folder = next(each.folder for each in fleet() if each.name == name)
    sources = [path.read_text("utf-8") for path in folder.iterdir() if path.is_file()]
    stand = stands(name)

    assert any(form in source for source in sources)
    assert status_of(stand, "GET /state", stand.authority.tokens.valid) == 200


def test_message_is_taken_with_a_right_token(stands: Stands) -> None:
    """The twin of the refusals above."""
    stand = stands("fastapi_validates_first")
    sent = json.dumps(MESSAGE).encode()

    assert status_of(stand, "POST /message", stand.authority.tokens.valid, sent) == 200
