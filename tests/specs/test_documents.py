"""The OpenAPI documents are valid, open, exemplary, and say what the contract says."""

from collections.abc import Mapping
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from udckit.specs import catalogue, surface
from udckit.specs._nodes import objects

SURFACES = ("orchestrator", "registry", "udc")
OPERATIONS = {
    "udc": {
        "getHealth": "GET /health",
        "getCapabilities": "GET /capabilities",
        "getState": "GET /state",
        "getDependencies": "GET /dependencies",
        "postMessage": "POST /message",
        "postCallback": "POST /callback",
        "getMetrics": "GET /metrics",
    },
    "registry": {
        "registerService": "POST /register",
        "getServiceByName": "GET /services/by-name/{name}",
        "getService": "GET /services/{id}",
        "listServices": "GET /services",
        "getPublicKey": "GET /auth/public-key",
    },
    "orchestrator": {
        "postHeartbeat": "POST /heartbeat",
        "postTask": "POST /tasks",
        "getTask": "GET /tasks/{task_id}",
    },
}
MEMBERS = {
    ("udc", "Health"): "status timestamp uptime_seconds version checks",
    ("udc", "Capabilities"): (
        "service_name droplet_id capabilities supported_operations integration_endpoints version"
    ),
    ("udc", "IntegrationEndpoint"): "path method description",
    ("udc", "State"): ("status mode metrics registered_services active_connections last_activity"),
    ("udc", "Dependencies"): "required_services optional_services external_apis",
    ("udc", "ServiceDependency"): "name type status host",
    ("udc", "OptionalServiceDependency"): "name type status host impact",
    ("udc", "ExternalApi"): "name status last_check",
    ("udc", "Message"): "from_service message_type payload reply_to",
    ("udc", "Receipt"): "received message_id status result",
    ("udc", "Error"): "error",
    ("udc", "ErrorDetail"): "code message details",
    ("registry", "Registration"): (
        "name droplet_id port health_endpoint capabilities version udc_compliant host"
    ),
    ("registry", "Registered"): "token service_id",
    ("registry", "Service"): (
        "host port service_id name droplet_id health_endpoint capabilities version status"
    ),
    ("registry", "PublicKey"): "public_key",
    ("registry", "TokenClaims"): "service_id service_name capabilities exp iat sub",
    ("orchestrator", "Heartbeat"): "service_id service_name status metrics",
    ("orchestrator", "Task"): "task_type data priority",
    ("orchestrator", "TaskAccepted"): "task_id",
}
REQUIRED = {
    ("udc", "Health"): "status timestamp uptime_seconds version",
    ("udc", "Capabilities"): (
        "service_name droplet_id capabilities supported_operations integration_endpoints"
    ),
    ("udc", "IntegrationEndpoint"): "path method description",
    ("udc", "State"): "status mode metrics",
    ("udc", "Dependencies"): "required_services optional_services external_apis",
    ("udc", "ServiceDependency"): "name type status",
    ("udc", "OptionalServiceDependency"): "name type status",
    ("udc", "ExternalApi"): "name status",
    ("udc", "Message"): "from_service message_type payload",
    ("udc", "Receipt"): "received message_id status",
    ("registry", "Registration"): "name droplet_id port health_endpoint capabilities version",
    ("registry", "Registered"): "token service_id",
    ("registry", "Service"): "host port",
    ("registry", "PublicKey"): "public_key",
    ("registry", "TokenClaims"): "service_id service_name exp",
    ("orchestrator", "Heartbeat"): "service_id status",
    ("orchestrator", "Task"): "task_type data",
    ("orchestrator", "TaskAccepted"): "task_id",
}


def schema(name: str, component: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = surface(name).document["components"]["schemas"][component]
    return found


@pytest.mark.parametrize("recommended", [False, True], ids=["binding", "recommended"])
@pytest.mark.parametrize("name", SURFACES)
def test_documents_are_valid_openapi(name: str, recommended: bool) -> None:
    document = surface(name, recommended=recommended).document

    assert document["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(dict(document)).iter_errors()) == []


@pytest.mark.parametrize("name", SURFACES)
def test_documents_have_the_operations_of_the_contract(name: str) -> None:
    operations = surface(name).operations.values()

    assert {one.id: f"{one.method} {one.path}" for one in operations} == OPERATIONS[name]


@pytest.mark.parametrize(("name", "component"), MEMBERS)
def test_schemas_have_every_member_of_the_contract(name: str, component: str) -> None:
    assert list(schema(name, component)["properties"]) == MEMBERS[name, component].split()


@pytest.mark.parametrize(("name", "component"), REQUIRED)
def test_schemas_require_what_the_contract_requires(name: str, component: str) -> None:
    assert schema(name, component)["required"] == REQUIRED[name, component].split()


def test_documents_leave_health_key_and_registration_open_to_anyone() -> None:
    public = {
        operation.id
        for name in SURFACES
        for operation in surface(name).operations.values()
        if not operation.needs_token
    }

    assert public == {
        "getHealth",
        "getCapabilities",
        "getMetrics",
        "getPublicKey",
        "registerService",
    }


def test_documents_accept_the_success_codes_of_the_contract() -> None:
    success = {
        operation.id: operation.success
        for name in SURFACES
        for operation in surface(name).operations.values()
    }

    assert success.pop("registerService") == {201}
    assert success.pop("postTask") == {200, 201, 202}
    assert success.pop("postHeartbeat") == set(range(200, 300))
    assert set(success.values()) == {frozenset({200})}


def test_documents_tie_rows_to_the_wire() -> None:
    tied = {
        id_
        for name in SURFACES
        for _, node in objects(surface(name).document)
        for id_ in node.get("x-requirements", ())
    }
    families = ("UDC-HEALTH", "UDC-CAP", "UDC-STATE", "UDC-DEPS", "UDC-MSG", "REG-SVC", "ORCH-")
    shape = {
        row.id
        for row in catalogue().values()
        if row.id.startswith(families) and row.stage == "shape" and row.level == "MUST"
    }

    assert tied <= set(catalogue())
    assert shape <= tied


@pytest.mark.parametrize("name", SURFACES)
def test_examples_are_fresh_copies(name: str) -> None:
    for operation in surface(name).operations.values():
        if isinstance(operation.request_example, dict):
            operation.request_example.clear()
            assert operation.request_example


@pytest.mark.parametrize("name", SURFACES)
def test_examples_of_errors_have_the_recommended_form(name: str) -> None:
    for operation in surface(name).operations.values():
        for status in operation.statuses:
            if status >= 400 and (operation.id, status) != ("getHealth", 503):
                example = operation.response_example(status)
                recommended = surface(name, recommended=True)
                assert recommended.component_problems("Error", example) == []
