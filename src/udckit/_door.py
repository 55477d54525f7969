"""What both doors share: what a person typed, made into the one configuration of a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from udckit.conformance import InvocationError, Options, read_configuration, read_trigger
from udckit.fakes import decode_unverified
from udckit.specs import SpecsError

__all__ = ["options_from"]

_LISTS: Final = ("stages", "only", "has")
_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "trigger": lambda lines: tuple(map(read_trigger, lines)),
    "report_dir": Path,
    "signing_key": Path,
}
_TARGETS: Final = ("url", "launch", "app")


def options_from(typed: Mapping[str, Any], *, token_at_hand: str | None = None) -> Options:
    """Make the options of a run: what was typed comes before what the configuration file says.

    `typed` holds the fields of `udckit._options.OPTIONS` and `url` as they were typed; None and
    empty lists mean that nothing was said. `token_at_hand` is that of the environment.

    Raises:
        InvocationError: something cannot be understood; the message says what to do.
    """
    given = {name: value for name, value in typed.items() if _was_said(value)}
    config = given.pop("config", None)
    options = read_configuration(None if config is None else Path(config))
    if any(name in given for name in _TARGETS):
        options = {name: value for name, value in options.items() if name not in _TARGETS}
    for name in _LISTS:
        if name in given:
            given[name] = _words(given[name])
    if "only" in given:
        given["only"] = tuple(each.upper() for each in given["only"])
    if "headers" in given:
        given["headers"] = (*options.get("headers", ()), *map(_header, given["headers"]))
    given |= {name: read(given[name]) for name, read in _READ.items() if name in given}
    if "token" in given:
        _must_hold(given["token"])
    options |= _in_real_time(given)
    if token_at_hand and "token" not in options and "url" in options and _holds(token_at_hand):
        options["token"] = token_at_hand
    try:
        return Options(**options)
    except SpecsError as unknown:
        raise InvocationError(str(unknown)) from unknown


def _was_said(value: Any) -> bool:
    return value is not False and value not in (None, (), [])


def _in_real_time(given: dict[str, Any]) -> dict[str, Any]:
    """Read --real-time as the speed that it is."""
    if not given.pop("real_time", False):
        return given
    if "speed" in given:
        raise InvocationError("Give --real-time or --speed, not both.")
    return {**given, "speed": 1.0}


def _words(texts: Iterable[str]) -> tuple[str, ...]:
    words = [word.strip() for text in texts for word in text.split(",")]
    return tuple(dict.fromkeys(word for word in words if word))


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise InvocationError(f"{text!r} is no header: give 'Name: value', such as 'X-Site: blue'.")
    return name.strip(), value.strip()


def _must_hold(token: str) -> None:
    if not _holds(token):
        raise InvocationError(
            "The token that was given has expired. Take a new one: udckit fakes token, or a "
            "registration at your Registry."
        )


def _holds(token: str) -> bool:
    """False for a token whose `exp` is over; what cannot be read is not judged here."""
    decoded = decode_unverified(token)
    expiry = decoded.claims.get("exp") if decoded is not None else None
    return not isinstance(expiry, int | float) or expiry > time.time()
