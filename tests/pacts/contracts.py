"""What droplets and the Orchestrator need of each other, as data; consumers.py makes it happen."""

from typing import Any

from udckit.conformance.pacts import (
    TOKEN,
    Contract,
    Need,
    OneWay,
    bearer,
    from_state,
    integer,
    like,
    matching,
    worded,
)
from udckit.fakes import FakeRegistry

NAME = "udckit-pact-droplet"
PEER = "udckit-pact-peer"
ACCEPTS = {"Accept": "application/json"}
AUTHORIZED = {"Authorization": bearer()}
REGISTERED = "a registered droplet"
EXPIRED = "a registered droplet whose token has expired"
SENDER = "a registered service"
LISTENER = "a registered service that listens"

_WORD = "^(processing|completed|failed)$"
_PEM = r"^\s*-----BEGIN (RSA )?PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END (RSA )?PUBLIC KEY-----\s*$"
_RECEIPT = {
    "received": True,
    "message_id": like("msg-456"),
    "status": worded(_WORD, "processing"),
}
_NAMED = from_state(matching("^.+$", NAME), "${name}")


def _registration(state: str, description: str, *requirements: str) -> Need:
    body: dict[str, Any] = {
        "name": _NAMED,
        "droplet_id": from_state(integer(4712), "${droplet_id}"),
        "port": integer(8010),
        "health_endpoint": "/health",
        "capabilities": like(["job_processing"]),
        "version": like("1.0.0"),
        "udc_compliant": True,
    }
    return Need(
        description,
        "POST",
        "/register",
        201,
        requirements,
        state,
        body=body,
        answer={
            "token": worded(r"^[^.\s]+\.[^.\s]+\.[^.\s]+$", TOKEN),
            "service_id": integer(999),
        },
    )


def _by_name(name: str, status: int, state: str, description: str, *requirements: str) -> Need:
    path: Any = f"/services/by-name/{name}"
    found = None
    if status == 200:
        path = from_state(matching("^/services/by-name/[^/]+$", path), "/services/by-name/${name}")
        found = {"host": worded("^[^/\\s]+$", "127.0.0.1"), "port": integer(8010)}
    return Need(
        description, "GET", path, status, requirements, state, headers=AUTHORIZED, answer=found
    )


def _key() -> str:
    return FakeRegistry().public_key_pem


DROPLET_REGISTRY = Contract(
    "droplet",
    "registry",
    (
        _registration(
            "a name that nobody holds",
            "a registration",
            "REG-REGISTER-001",
            "REG-REGISTER-002",
        ),
        _registration(
            REGISTERED, "the same registration again", "REG-REGISTER-001", "REG-REGISTER-006"
        ),
        Need(
            "a look at the public key",
            "GET",
            "/auth/public-key",
            200,
            ("REG-KEY-001",),
            answer={"public_key": worded(_PEM, _key())},
        ),
        _by_name(PEER, 200, REGISTERED, "a look-up of a service", "REG-SVC-001"),
        _by_name(
            "udckit-nobody", 404, REGISTERED, "a look-up of an unknown service", "REG-SVC-002"
        ),
        _by_name("udckit-nobody", 401, EXPIRED, "a look-up with an expired token", "REG-SVC-003"),
        Need("a look at the Registry's health", "GET", "/health", 200, ("UDC-HEALTH-001",)),
    ),
)

_BEAT: dict[str, Any] = {
    "service_id": from_state(integer(999), "${service_id}"),
    "service_name": _NAMED,
    "status": matching("^(active|inactive|error)$", "active"),
    "metrics": {
        "requests_per_minute": like(0.5),
        "error_rate": like(0.5),
        "requests_total": integer(0),
    },
}
_TASK_PATH = from_state(matching("^/tasks/[^/]+$", "/tasks/task-123"), "/tasks/${task_id}")

DROPLET_ORCHESTRATOR = Contract(
    "droplet",
    "orchestrator",
    (
        Need(
            "a beat",
            "POST",
            "/heartbeat",
            "success",
            ("ORCH-HB-001", "ORCH-HB-003"),
            REGISTERED,
            headers=AUTHORIZED,
            body=_BEAT,
        ),
        Need(
            "a beat with an expired token",
            "POST",
            "/heartbeat",
            401,
            ("ORCH-HB-002",),
            EXPIRED,
            headers=AUTHORIZED,
            body=_BEAT,
        ),
        Need(
            "a task",
            "POST",
            "/tasks",
            "success",
            ("ORCH-TASK-001", "ORCH-TASK-004"),
            REGISTERED,
            headers=AUTHORIZED,
            body={"task_type": "udckit-work", "data": like({}), "priority": "normal"},
            answer={"task_id": worded("^.+$", "task-123")},
        ),
        Need(
            "a question how a task stands",
            "GET",
            _TASK_PATH,
            "success",
            ("ORCH-TASK-005", "ORCH-TASK-012"),
            "a task that was given",
            headers=AUTHORIZED,
            answer=like({}),
        ),
        Need(
            "a question after an unknown task",
            "GET",
            "/tasks/udckit-never-issued",
            404,
            ("ORCH-TASK-006",),
            REGISTERED,
            headers=AUTHORIZED,
        ),
        Need("a look at the Orchestrator's health", "GET", "/health", 200, ("UDC-HEALTH-001",)),
    ),
)


def _message(
    kind: str, *requirements: str, replies: bool = False, by: str = "orchestrator"
) -> Need:
    body: dict[str, Any] = {
        "from_service": from_state(matching("^.+$", by), "${name}"),
        "message_type": kind,
        "payload": like({}),
    }
    words = f"a {kind}"
    if replies:
        body["reply_to"] = from_state(
            matching("^https?://[^/]+/.+$", f"http://{by}:8001/callback"), "${reply_to}"
        )
        words += " that asks for its outcome"
    return Need(
        words,
        "POST",
        "/message",
        200,
        ("UDC-MSG-002", *requirements),
        LISTENER if replies else SENDER,
        headers=AUTHORIZED,
        body=body,
        answer=_RECEIPT,
    )


_OUTCOME = {
    "message_id": like("msg-456"),
    "status": worded(_WORD, "completed"),
    "from_service": like("droplet"),
}

ORCHESTRATOR_DROPLET = Contract(
    "orchestrator",
    "droplet",
    (
        Need(
            "a look at its health",
            "GET",
            "/health",
            200,
            ("UDC-HEALTH-001", "UDC-HEALTH-002"),
            answer={"status": worded("^(healthy|degraded|unhealthy)$", "healthy")},
        ),
        _message("task_assignment", "UDC-MSG-003", "UDC-MSG-004"),
        _message("status_update", "UDC-MSG-003", "UDC-MSG-004"),
        _message("query", "UDC-MSG-003", "UDC-MSG-004"),
        _message("query", "UDC-MSG-003", replies=True),
        Need(
            "a message without its type",
            "POST",
            "/message",
            "clientError",
            ("UDC-MSG-006",),
            SENDER,
            headers=AUTHORIZED,
            body={"from_service": from_state(like("orchestrator"), "${name}"), "payload": like({})},
        ),
        OneWay(
            "a beat that it sends",
            {
                "service_id": integer(999),
                "status": worded("^(active|inactive|error)$", "active"),
            },
            "postHeartbeat",
            ("ORCH-CLIENT-004", "ORCH-CLIENT-005"),
            "a droplet that beats",
        ),
    ),
)

DROPLET_DROPLET = Contract(
    "droplet",
    "droplet",
    (
        Need(
            "a look at what a peer can do",
            "GET",
            "/capabilities",
            200,
            ("UDC-CAP-001",),
            SENDER,
            headers=AUTHORIZED,
            answer=like({}),
        ),
        _message("query", "UDC-MSG-003", replies=True, by="droplet"),
        Need(
            "the outcome of a message",
            "POST",
            "/callback",
            "success",
            ("UDC-CB-001",),
            "a droplet that takes outcomes",
            headers=AUTHORIZED,
            body={
                "message_id": matching("^.+$", "msg-456"),
                "status": "completed",
                "result": like({"jobs": 0}),
                "from_service": _NAMED,
            },
        ),
        OneWay(
            "the outcome that it sends",
            _OUTCOME,
            "postCallback",
            ("UDC-MSG-010", "UDC-MSG-012"),
            "a droplet that owes an outcome",
        ),
    ),
)

CONTRACTS = (DROPLET_REGISTRY, DROPLET_ORCHESTRATOR, ORCHESTRATOR_DROPLET, DROPLET_DROPLET)
