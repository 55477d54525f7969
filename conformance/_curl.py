"""The command that sends a request again, with tokens that whoever runs it mints for himself."""

from __future__ import annotations

import re
from typing import Final

from udckit.conformance.exchange import Exchange, Request
from udckit.conformance.forge import OF_THE_NAME, Recipe
from udckit.conformance.redaction import PLACEHOLDER

__all__ = ["curl"]

_TOKEN: Final = "$UDCKIT_TOKEN"  # noqa: S105 - the name of a variable
_PLACE: Final = "<token:t0>"
_BIG_BODY: Final = 2_000
_OF_THE_CLIENT: Final = frozenset({"host", "connection", "content-length"})
_USUAL: Final = frozenset({("accept", "*/*"), ("user-agent", "udckit")})
"""Headers that a replay need not repeat: curl has its own, and they say as little."""

_BARE: Final = re.compile(r"[\w\-./:?=,+@%~]+")
"""What a shell takes as one word without quotes."""

_FRAMES: Final = frozenset({"content-length", "transfer-encoding"})
"""Headers that a client writes by itself: a request that has them was written by hand."""

_SPECIAL: Final = str.maketrans({each: f"\\{each}" for each in '\\"$`'})


def curl(
    exchange: Exchange, recipe: Recipe | None = None, *, service_name: str | None = None
) -> str:
    """Give the command that sends the request again; a token is read from `$UDCKIT_TOKEN`.

    Where it was forged, the command mints it first: by the same recipe, against `udckit fakes up`
    or with the kit's test key, so that it works nowhere else. `service_name` is the target's, of
    which one recipe makes a secret.
    """
    request = exchange.request
    if any(name.lower() in _FRAMES for name, _ in request.headers):
        return _by_hand(exchange)
    words = ["curl -i"]
    if request.method == "HEAD":
        words = ["curl -I"]
    elif request.method != ("GET" if request.body is None else "POST"):
        words.append(f"-X {request.method}")
    target = _target(request, recipe)
    if "/." in target or "//" in target:
        words.append("--path-as-is")
    words += [f"-H {_word(f'{name}: {value}')}" for name, value in _headers(request, recipe)]
    if request.body is not None:
        if not any(name.lower() == "content-type" for name, _ in request.headers):
            words.append("-H Content-Type:")
        if request.encoding == "text" and len(request.body) <= _BIG_BODY:
            words.append(f"--data-raw {_word(request.body)}")
        else:
            words.append("--data-binary @request-body")
    words.append(_word(exchange.base + target))
    command = " ".join(words)
    if recipe is None or _TOKEN not in command:
        return command
    mint = f"udckit fakes token --recipe {recipe.name}"
    if service_name is not None and recipe.secret == OF_THE_NAME:
        mint += f" --target-name {_word(service_name)}"
    return f"UDCKIT_TOKEN=$({mint}); {command}"


def _by_hand(exchange: Exchange) -> str:
    """Give the command that writes the bytes themselves, for no client says such a length."""
    request = exchange.request
    where = exchange.base.removeprefix("http://").partition("/")
    lines = [f"{request.method} {where[1]}{where[2]}{request.target} HTTP/1.1"]
    lines += [f"Host: {where[0]}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    whole = "\r\n".join([*lines, "", request.body or ""])
    text = whole.replace("\\", "\\\\").replace("%", "%%").replace("'", "'\"'\"'")
    text = text.replace("\r", "\\r").replace("\n", "\\n")
    tokens = len(PLACEHOLDER.findall(text))
    text = PLACEHOLDER.sub("%s", text)
    given = f' "{_TOKEN}"' * tokens
    return f"(printf '{text}'{given}; sleep 1) | curl -s --max-time 5 telnet://{where[0]}"


def _headers(request: Request, recipe: Recipe | None) -> list[tuple[str, str]]:
    shown = [
        (name, value)
        for name, value in request.headers
        if name.lower() not in _OF_THE_CLIENT and (name.lower(), value) not in _USUAL
    ]
    if recipe is None:
        return shown
    kept = [pair for pair in shown if pair[0].lower() not in {"authorization", "cookie"}]
    kept += [
        ("Authorization", each.replace("{token}", _PLACE)) for each in recipe.shown.authorization
    ]
    if recipe.shown.cookie is not None:
        kept.append(("Cookie", f"{recipe.shown.cookie}={_PLACE}"))
    return kept


def _target(request: Request, recipe: Recipe | None) -> str:
    if recipe is None or recipe.shown.query is None:
        return request.target
    return f"{request.target.partition('?')[0]}?{recipe.shown.query}={_PLACE}"


def _word(text: str) -> str:
    """Quote for a shell; what stands for a token becomes the variable."""
    if PLACEHOLDER.search(text) is not None:
        return '"' + PLACEHOLDER.sub(_TOKEN, text.translate(_SPECIAL)) + '"'
    if _BARE.fullmatch(text) is not None:
        return text
    return "'" + text.replace("'", "'\"'\"'") + "'"
