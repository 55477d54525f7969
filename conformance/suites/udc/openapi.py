"""/openapi.json: that it is valid, and describes what the contract asks for."""

from typing import Final

from udckit.conformance import NotObserved, Probe, expect, verifies
from udckit.conformance._capabilities import openapi_document
from udckit.conformance.suites.udc._openapi import foreign_reference, invalidity, routes

_LENGTH: Final = 200
_UDC_ROUTES: Final = (
    ("GET", "/health"),
    ("GET", "/capabilities"),
    ("GET", "/state"),
    ("GET", "/dependencies"),
    ("POST", "/message"),
)


@verifies("OPS-OAS-001")
def the_document_is_valid_and_whole(service: Probe) -> None:
    """/openapi.json is valid OpenAPI 3, and describes the five routes."""
    if not service.has("openapi"):
        raise NotObserved("it serves no OpenAPI 3 document at /openapi.json")
    seen = openapi_document(service)
    if not isinstance(seen.json, dict):
        raise NotObserved(f"{seen.call}: {seen.json_trouble or 'its body is no JSON object'}")

    described = {(route.method, path) for route in routes(seen.json) for path in route.paths}
    missing = [
        f"{method} {path}" for method, path in _UDC_ROUTES if (method, path) not in described
    ]
    expect(seen).holds(
        not missing, expected=f"{missing[0] if missing else ''} described", observed="no such route"
    )
    if (outside := foreign_reference(seen.json)) is not None:
        raise NotObserved(f"it refers to {outside[:_LENGTH]}, which the kit does not fetch")
    try:
        wrong = invalidity(seen.json)
    except ValueError as trouble:
        raise NotObserved(f"the validator cannot read it: {trouble}") from trouble
    expect(seen).holds(
        wrong is None, expected="a valid OpenAPI 3 document", observed=(wrong or "")[:_LENGTH]
    )
