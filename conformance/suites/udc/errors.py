"""The form of errors: their status says so, their JSON is an object, their form is the contract's.

Judged are the answers to what the kit itself asks wrongly: an unknown path, /state without a
token, a message that lacks a member, a body that is no JSON. What a server or a gateway says
before the application (CONF-45) is exempt.
"""

import re
from http import HTTPStatus
from typing import Any, Final

from udckit.conformance import ANONYMOUS, MISSING, Ask, Observation, Probe, expect, quote, verifies
from udckit.conformance.suites.udc._ground import unknown_path, whoever_we_are

_OF_THE_APPLICATION: Final = frozenset({400, 401, 403, 404, 422, 500, 503})
_CODE: Final = re.compile("[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


def _wrong_requests(service: Probe) -> list[Observation]:
    us = whoever_we_are(service)
    incomplete = service.a_message(token=us, message_type=MISSING)
    no_json = Ask("POST", "/message", us, body=b'{"from_service": ')
    return [
        unknown_path(service),
        service.once("/state without a token", Ask("GET", "/state", token=ANONYMOUS)),
        service.once("an incomplete message", incomplete),
        service.once("a body that is no JSON", no_json),
    ]


def _errors(service: Probe) -> list[Observation]:
    """Give the answers that are errors of the application, and are not broken as such."""
    return [
        seen
        for seen in _wrong_requests(service)
        if seen.status in _OF_THE_APPLICATION and not _is_a_broken_claim(seen)
    ]


def _is_a_broken_claim(seen: Observation) -> bool:
    """True where a body says that it is JSON, and is no JSON object."""
    return seen.claims_json and seen.text.strip() != "" and not isinstance(seen.json, dict)


@verifies("ERR-001")
def errors_are_errors(service: Probe) -> None:
    """An error has an error's status, and what it sends as JSON is a JSON object."""
    for seen in _wrong_requests(service):
        if seen.status in _OF_THE_APPLICATION:
            expect(seen).holds(
                not _is_a_broken_claim(seen),
                expected="a JSON object, for it says Content-Type: application/json",
            )
        elif seen.status == HTTPStatus.OK and _speaks_of_an_error(seen.json):
            expect(seen).holds(False, expected="a 4xx or 5xx, for its body is an error")


def _speaks_of_an_error(body: Any) -> bool:
    if not isinstance(body, dict) or not body:
        return False
    return (
        bool(body.get("error"))
        or body.get("success") is False
        or (body.get("status") == "error" and "metrics" not in body)
        or set(body) == {"detail"}
        or {"code", "message"} <= set(body)
    )


@verifies("ERR-002")
def errors_have_the_contracts_form(service: Probe) -> None:
    """The body of an error is an object `error` with a code and a message."""
    for seen in _errors(service):
        error = seen.member("error")
        expect(seen).holds(
            isinstance(error, dict) and "code" in error and "message" in error,
            expected='a body of the form {"error": {"code": …, "message": …}}',
        )


@verifies("ERR-003")
def errors_name_a_code_and_a_message(service: Probe) -> None:
    """An error's code is an upper-snake identifier, its message says something."""
    for seen in _errors(service):
        error = seen.member("error")
        if not isinstance(error, dict) or not {"code", "message"} <= set(error):
            continue
        code, message, details = error["code"], error["message"], error.get("details")
        expect(seen).holds(
            isinstance(code, str) and _CODE.fullmatch(code) is not None,
            expected="`error.code` an identifier such as SERVICE_NOT_FOUND",
            observed=f"`error.code` {quote(code)}",
        ).holds(
            isinstance(message, str) and message.strip() != "",
            expected="`error.message` a sentence",
            observed=f"`error.message` {quote(message)}",
        ).holds(
            details is None or isinstance(details, dict),
            expected="`error.details` an object, or nothing",
            observed=f"`error.details` {quote(details)}",
        )
