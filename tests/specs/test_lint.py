"""The lint accepts the documents as they are, and refuses each defect that is planted in them."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from udckit.specs import catalogue
from udckit.specs._compiled import ROOM
from udckit.specs._lint import CLOSED, findings, main

Documents = dict[str, Any]
SOURCES: Documents = {
    path.stem: yaml.safe_load(path.read_text("utf-8")) for path in ROOM.glob("openapi/*.yaml")
}


def schema(documents: Documents, surface: str, name: str) -> Any:
    return documents[surface]["components"]["schemas"][name]


def responses(documents: Documents, surface: str, path: str, method: str) -> Any:
    return documents[surface]["paths"][path][method]["responses"]


def no_required(documents: Documents) -> None:
    del schema(documents, "udc", "Dependencies")["required"]


def no_required_inside(documents: Documents) -> None:
    del schema(documents, "udc", "State")["properties"]["metrics"]["required"]


def nothing_required_and_no_reason(documents: Documents) -> None:
    del schema(documents, "udc", "Outcome")["x-open"]


def an_open_enum(documents: Documents) -> None:
    status = schema(documents, "udc", "State")["properties"]["status"]
    del status["enum"]
    status["x-open"] = "because"


def a_wider_enum(documents: Documents) -> None:
    schema(documents, "udc", "Health")["properties"]["status"]["enum"].append("ok")


def a_narrower_enum(documents: Documents) -> None:
    schema(documents, "orchestrator", "Heartbeat")["properties"]["status"]["enum"].remove("error")


def an_open_word_list_without_a_reason(documents: Documents) -> None:
    del schema(documents, "udc", "ServiceStatus")["x-open"]


def no_not_found(documents: Documents) -> None:
    del responses(documents, "orchestrator", "/tasks/{task_id}", "get")["404"]


def no_unauthorized(documents: Documents) -> None:
    del responses(documents, "udc", "/capabilities", "get")["401"]


def no_forbidden(documents: Documents) -> None:
    del responses(documents, "udc", "/state", "get")["403"]


def no_bad_request(documents: Documents) -> None:
    del responses(documents, "registry", "/register", "post")["400"]


def no_internal_error(documents: Documents) -> None:
    del responses(documents, "udc", "/health", "get")["500"]


def an_unlinked_task(documents: Documents) -> None:
    del documents["orchestrator"]["components"]["responses"]["TaskTaken"]["links"]


def an_unlinked_name(documents: Documents) -> None:
    del responses(documents, "registry", "/register", "post")["201"]["links"]["byName"]


def an_unknown_row(documents: Documents) -> None:
    documents["udc"]["paths"]["/health"]["get"]["x-requirements"].append("UDC-HEALTH-999")


def an_unknown_row_deep_inside(documents: Documents) -> None:
    schema(documents, "registry", "Service")["properties"]["port"]["x-requirements"] = ["REG-X-1"]


def a_closed_door(documents: Documents) -> None:
    schema(documents, "udc", "Health")["additionalProperties"] = False


def a_closed_door_inside(documents: Documents) -> None:
    schema(documents, "udc", "Message")["properties"]["payload"]["additionalProperties"] = False


def a_pattern_without_words(documents: Documents) -> None:
    del schema(documents, "registry", "Host")["x-says"]


def advice_without_a_reason(documents: Documents) -> None:
    del schema(documents, "udc", "OptionalServiceDependency")["x-should"]["x-requirements"]


def no_example(documents: Documents) -> None:
    del responses(documents, "udc", "/state", "get")["200"]["content"]["application/json"][
        "examples"
    ]


def a_wrong_example(documents: Documents) -> None:
    json = responses(documents, "udc", "/state", "get")["200"]["content"]["application/json"]
    json["examples"]["active"]["value"]["status"] = "healthy"


def a_first_example_that_is_tolerated_only(documents: Documents) -> None:
    json = responses(documents, "udc", "/health", "get")["200"]["content"]["application/json"]
    json["examples"]["healthy"]["value"]["timestamp"] = "2025-11-15T12:00:00+00:00"


def two_meanings_of_one_name(documents: Documents) -> None:
    schema(documents, "registry", "Error")["required"] = ["error", "data"]


def an_operation_id_twice(documents: Documents) -> None:
    documents["registry"]["paths"]["/services"]["get"]["operationId"] = "postTask"


DEFECTS: dict[Callable[[Documents], None], tuple[str, str]] = {
    no_required: ("/components/schemas/Dependencies", "says what it requires"),
    no_required_inside: ("/components/schemas/State/properties/metrics", "says what it requires"),
    nothing_required_and_no_reason: ("/components/schemas/Outcome", "says why in x-open"),
    an_open_enum: ("/components/schemas/State/properties/status", "closes this list: active"),
    a_wider_enum: ("/components/schemas/Health/properties/status", "closes this list: degraded"),
    a_narrower_enum: ("/components/schemas/Heartbeat/properties/status", "closes this list"),
    an_open_word_list_without_a_reason: (
        "/components/schemas/ServiceDependency/properties/status",
        "closed by enum",
    ),
    no_not_found: ("/paths/tasks/{task_id}/get", "error responses: 404"),
    no_unauthorized: ("/paths/capabilities/get", "error responses: 401"),
    no_forbidden: ("/paths/state/get", "error responses: 403"),
    no_bad_request: ("/paths/register/post", "error responses: 400"),
    no_internal_error: ("/paths/health/get", "error responses: 500"),
    an_unlinked_task: ("/paths/tasks/{task_id}/get", "nothing links to {task_id}"),
    an_unlinked_name: ("/paths/services/by-name/{name}/get", "nothing links to {name}"),
    an_unknown_row: ("/paths//health/get", "UDC-HEALTH-999 is no row"),
    an_unknown_row_deep_inside: (
        "/components/schemas/Service/properties/port",
        "REG-X-1 is no row",
    ),
    a_closed_door: ("/components/schemas/Health", "unknown members are allowed"),
    a_closed_door_inside: (
        "/components/schemas/Message/properties/payload",
        "unknown members are allowed",
    ),
    a_pattern_without_words: ("/components/schemas/Host", "pattern needs x-says"),
    advice_without_a_reason: (
        "/components/schemas/OptionalServiceDependency",
        "x-should names its row",
    ),
    no_example: ("/paths/state/get/200/application/json", "a body has an example"),
    a_wrong_example: (
        "/paths/state/get/200/application/json",
        "example active does not keep its own schema: status: expected one of active, inactive",
    ),
    a_first_example_that_is_tolerated_only: (
        "/paths/health/get/200/application/json",
        "example healthy comes first and is not the recommended form: timestamp: expected RFC 3339",
    ),
    two_meanings_of_one_name: ("/components/schemas/Error", "one name means one thing"),
    an_operation_id_twice: ("/paths/services/get", "belongs to one operation alone"),
}


def test_lint_finds_nothing_in_the_documents_as_they_are() -> None:
    assert findings(SOURCES, catalogue()) == []
    assert main() == 0


@pytest.mark.parametrize("plant", DEFECTS, ids=lambda plant: plant.__name__)
def test_lint_refuses(plant: Callable[[Documents], None]) -> None:
    documents = copy.deepcopy(SOURCES)
    plant(documents)
    at, says = DEFECTS[plant]

    found = findings(documents, catalogue())

    assert any(one.at == at and says in one.says for one in found), [str(one) for one in found]


def test_lint_names_the_document() -> None:
    documents = copy.deepcopy(SOURCES)
    a_closed_door(documents)

    assert [str(one) for one in findings(documents, catalogue())] == [
        "udc.yaml /components/schemas/Health: unknown members are allowed everywhere"
    ]


def test_lint_knows_no_closed_list_that_is_nowhere() -> None:
    components = {
        (name, member)
        for document in SOURCES.values()
        for name, node in document["components"]["schemas"].items()
        for member in node.get("properties", {})
    }

    assert set(CLOSED) <= components
