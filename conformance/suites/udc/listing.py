"""What /capabilities lists, beside what /openapi.json describes."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from udckit.conformance import UDC_PATHS, NotObserved, Observation, Probe, expect, verifies
from udckit.conformance._capabilities import openapi_document
from udckit.conformance.suites.udc._ground import reading
from udckit.conformance.suites.udc._openapi import plain, routes

_NEED_NOT_BE_LISTED: Final = re.compile(
    r"/(metrics|[^/]*callback[^/]*|docs|redoc|swagger[^/]*|openapi[^/]*|api-docs|rapidoc|scalar)"
    r"(/|\.|$)",
    re.IGNORECASE,
)
"""Metrics, documentation, the document itself, and what a peer calls back at."""

_LOOKS: Final = 20


@verifies("UDC-CAP-004")
def every_public_endpoint_is_listed(service: Probe) -> None:
    """/capabilities lists every route that /openapi.json describes, and none that is gone."""
    service.require("openapi")
    document = openapi_document(service).json
    if not isinstance(document, dict):
        raise NotObserved("/openapi.json is no OpenAPI document")
    seen = reading(service, "/capabilities")
    items = expect(seen).proper("integration_endpoints")

    listed = {(item["method"], plain(item["path"])) for item in items}
    _lists_all(seen, listed, document)
    described = {plain(path) for route in routes(document) for path in route.paths}
    _lists_none_that_is_gone(
        service, {path for method, path in listed if method == "GET"} - described
    )


def _lists_all(
    seen: Observation, listed: set[tuple[str, str]], document: Mapping[str, Any]
) -> None:
    for route in routes(document):
        path = route.paths[0]
        known = any((route.method, plain(each)) in listed for each in route.paths)
        exempt = plain(path) in UDC_PATHS or _NEED_NOT_BE_LISTED.search(path) is not None
        expect(seen).holds(
            known or exempt,
            expected=f"{route.method} {path} among the integration endpoints",
            observed="it stands in /openapi.json alone",
        )


def _lists_none_that_is_gone(service: Probe, unknown: set[str]) -> None:
    """Ask for routes that are listed and nowhere described: a 404 gives them away.

    A route that is described may answer 404 for other reasons: there is nothing in it yet.
    """
    for path in sorted(unknown - set(UDC_PATHS))[:_LOOKS]:
        if "{" not in path:
            seen = service.get(path.removeprefix(service.settings.base_path))
            expect(seen).asked().holds(
                seen.status != HTTPStatus.NOT_FOUND,
                expected=f"an answer at {path}, which /capabilities lists",
            )
