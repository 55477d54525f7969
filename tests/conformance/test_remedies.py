"""The code that a finding shows mends it: forged tokens are refused, their twins let in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import jwt
import pytest

from udckit.conformance.forge import TWIN, Forge, Recipe, recipes, remedy
from udckit.fakes import SigningKey
from udckit.specs import catalogue

JOSE: Any = pytest.importorskip("jose")
JOSE_JWT: Any = pytest.importorskip("jose.jwt")
KEY = SigningKey.generate("of these tests")
VALID = KEY.sign({"service_id": 7, "service_name": "ledger", "exp": 4_000_000_000})
FORGE = Forge(VALID, key=KEY)
LIBRARIES: Mapping[str, Mapping[str, Any]] = {
    "pyjwt": {"jwt": jwt},
    "jose": {"jwt": JOSE_JWT, "JWTError": JOSE.JWTError},
}


class RefusedError(Exception):
    """Stands for FastAPI's HTTPException."""

    def __init__(self, status_code: int, detail: str = "") -> None:
        super().__init__(detail)
        self.status_code = status_code


def decoding() -> list[tuple[str, Recipe]]:
    """Give each row whose remedy decodes a token, with each recipe that serves it."""
    return [
        (row, each)
        for row in catalogue()
        if (known := remedy(row)) is not None and "jwt.decode" in known.pyjwt
        for each in recipes().values()
        if row in each.ids
    ]


def decoded(row: str, library: str, token: str) -> int:
    """Run the code of a row over a token, and give the status that comes of it."""
    known = remedy(row)
    assert known is not None
    names = {
        "token": token,
        "public_key": KEY.public_pem,
        "HTTPException": RefusedError,
        **LIBRARIES[library],
    }
    try:
        exec(getattr(known, library), names)  # noqa: S102 - the code that is shown is what is tested
    except RefusedError as refused:
        return refused.status_code
    return 200


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    ("row", "recipe"), [pytest.param(*e, id=f"{e[0]}-{e[1].name}") for e in decoding()]
)
def test_code_refuses_what_was_forged(row: str, recipe: Recipe, library: str) -> None:
    status = decoded(row, library, FORGE.make(recipe))

    if row in {"AUTH-011", "AUTH-027"}:
        assert status in {200, 401}
    else:
        assert status == 401


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("row", sorted({row for row, _ in decoding()}))
def test_code_lets_the_twins_in(row: str, library: str) -> None:
    assert decoded(row, library, VALID) == 200
    assert decoded(row, library, FORGE.make(TWIN)) == 200


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("BEARER abc", "abc"),
        (None, 401),
        ("", 401),
        ("Bearer", 401),
        ("Bearer a b", 401),
        ("Basic abc", 401),
        ("abc", 401),
    ],
)
def test_code_reads_the_header(header: str | None, token: str | int) -> None:
    known = remedy("AUTH-003")
    assert known is not None
    names: dict[str, Any] = {"HTTPException": RefusedError, "Header": lambda default: default}
    exec(known.pyjwt, names)  # noqa: S102 - as above

    try:
        seen: str | int = names["bearer"](header)
    except RefusedError as refused:
        seen = refused.status_code

    assert seen == token


def test_every_row_with_a_recipe_has_code_or_words() -> None:
    served = {row for each in recipes().values() for row in each.ids}

    assert sorted(row for row in served if remedy(row) is None) == []
    assert all(re.match(r"\S", catalogue()[row].fix) for row in served)
