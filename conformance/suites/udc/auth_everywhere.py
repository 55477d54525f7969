"""Protected paths are protected under every name and setting, and let valid tokens in."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from udckit.conformance import (
    ANONYMOUS,
    Ask,
    Door,
    NotObserved,
    Observation,
    Probe,
    bracketed,
    door,
    doors,
    expect,
    refused,
    shown,
    verifies,
)
from udckit.conformance.doors import is_public, listed_routes
from udckit.conformance.forge import recipe, recipes_for
from udckit.conformance.target import PLAIN

_SUCCESS: Final = range(200, 300)
_MOST: Final = 40
"""Listed routes that are asked for, so that a run ends."""

_SPELLINGS: Final = (
    "{path}/",
    "/{path}",
    "/.{path}",
    "/udckit/..{path}",
    "{path}/.",
    "{encoded}",
    "{path}%2F",
    "{upper}",
    "{title}",
    "{path};udckit",
    "{path}.json",
    "{path}?udckit",
)
_SHUT: Final = "401, 404 or any answer without the body of a protected path"
_TELLTALE: Final = 2
"""Members that a body shares with the protected one when it is the protected one."""

_INSTANCES: Final[dict[str, dict[str, str | None]]] = {
    "development": {"ENVIRONMENT": "development", "DEBUG": None},
    "plain": {PLAIN: None, "DEBUG": None},
}
_ALIKE: Final = "udckit-no-capabilities"


@verifies("UDC-STATE-001")
def state_needs_a_token(service: Probe) -> None:
    """GET /state without a token is answered 401."""
    for seen in shown(service, door("GET", "/state"), [recipe("anonymous")]):
        expect(seen).refused()


@verifies("UDC-DEPS-001")
def dependencies_need_a_token(service: Probe) -> None:
    """GET /dependencies without a token is answered 401."""
    for seen in shown(service, door("GET", "/dependencies"), [recipe("anonymous")]):
        expect(seen).refused()


@verifies("AUTH-024", order=5)
def no_setting_opens_the_door(service: Probe) -> None:
    """Nobody is let in without the Registry's signature, in no environment that it starts in."""
    for seen in refused(service, "AUTH-024", on=doors(service)[:1]):
        expect(seen).refused()
    for instance, environment in _INSTANCES.items():
        if service.start(instance, environment) is None:
            for seen in _at(service, instance):
                expect(seen).refused()


def _at(service: Probe, instance: str) -> Iterator[Observation]:
    """Show what nobody may accept to another instance, where that lets a valid token in."""
    usual = doors(service)[0]
    there = Door(
        f"{usual.name} of the {instance} instance",
        lambda probe: replace(usual.ask(probe), instance=instance),
    )
    try:
        yield from shown(service, there, recipes_for("AUTH-024"))
    except NotObserved:
        return


@verifies("AUTH-025", order=91)
def a_valid_token_is_never_unauthorized(service: Probe) -> None:
    """A valid token is never answered 401; where a right is lacking it is 403."""
    _is_known(service.read("/state"))
    met: set[str] = set()
    for seen in service.standing.twins:
        if seen.call not in met:
            met.add(seen.call)
            _is_known(service.again(seen))
    if (sender := service.sender(_ALIKE, capabilities=[])) is not None:
        for each in doors(service)[:2]:
            ask = each.ask(service)
            if ask.method == "GET":
                _is_known(service.send(replace(ask, token=sender.token)))


def _is_known(seen: Observation) -> None:
    if seen.status is not None:
        expect(seen).status_not(401)


@verifies("AUTH-028", order=3)
def every_listed_route_needs_a_token(service: Probe) -> None:
    """Each GET route of the OpenAPI document that is not public answers 401 without a token."""
    listed = [path for path in listed_routes(service) if not is_public(service, path)]
    for path in listed[:_MOST]:
        twin = service.once(f"GET {path} with a token", door("GET", path).ask(service))
        service.standing.twins.append(twin)
        seen = service.once(f"GET {path} without a token", Ask("GET", path, token=ANONYMOUS))
        if seen.status in _SUCCESS or twin.status in _SUCCESS:
            expect(seen).status(401)


@verifies("AUTH-032", order=3)
def no_other_spelling_opens_a_path(service: Probe) -> None:
    """No other spelling of a protected path serves its body to somebody without a token."""
    shut: NotObserved | None = None
    judged = False
    for path in ("/state", "/dependencies"):
        body = service.read(path).json
        asks = [
            (f"GET {spelled} without a token", Ask("GET", spelled, token=ANONYMOUS))
            for spelled in _spellings(path)
        ]
        try:
            for _, seen in bracketed(service, door("GET", path), asks):
                judged = True
                served = seen.status in _SUCCESS and _is_alike(seen.json, body)
                expect(seen).holds(not served, expected=_SHUT)
        except NotObserved as outcome:
            shut = outcome
    if shut is not None and not judged:
        raise shut


def _spellings(path: str) -> Iterator[str]:
    first = path[1]
    forms = {
        "path": path,
        "encoded": f"/%{ord(first):02x}{path[2:]}",
        "upper": path.upper(),
        "title": path.title(),
    }
    for each in _SPELLINGS:
        yield each.format(**forms)


def _is_alike(body: Any, protected: Any) -> bool:
    if not isinstance(body, dict) or not isinstance(protected, dict):
        return False
    return len(body.keys() & protected.keys()) >= min(_TELLTALE, len(protected))
