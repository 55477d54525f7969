"""A pact as a team writes it by hand for its droplet, and its verification by pact-python.

Six interactions: the four readings, a message, and /state without a token.

Usage: pact_by_hand.py URL TOKEN; one line for each interaction that fails, exit code 1 if any.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

os.environ["PACT_DO_NOT_TRACK"] = "true"

Json = dict[str, Any]


def interaction(
    what: str, method: str, path: str, *, token: str = "", sends: Json | None = None, **answer: Any
) -> Json:
    """Write one interaction of a pact of version 3."""
    request: Json = {"method": method, "path": path}
    if token:
        request["headers"] = {"Authorization": f"Bearer {token}"}
    if sends is not None:
        request["body"] = sends
        request.setdefault("headers", {})["Content-Type"] = "application/json"
    return {"description": what, "request": request, "response": answer}


def like(*members: str) -> Json:
    """Match members by type."""
    return {"body": {f"$.{each}": {"matchers": [{"match": "type"}]} for each in members}}


def words(member: str, pattern: str) -> Json:
    """Match a member by a pattern."""
    return {"body": {f"$.{member}": {"matchers": [{"match": "regex", "regex": pattern}]}}}


def both(*rules: Json) -> Json:
    """Put matching rules together."""
    return {"body": {key: rule for each in rules for key, rule in each["body"].items()}}


def pact(token: str, sender: str) -> Json:
    """Write the whole contract."""
    health = {"status": "healthy", "timestamp": "t", "uptime_seconds": 1, "version": "1.0.0"}
    capabilities = {
        "service_name": "s",
        "droplet_id": 1,
        "capabilities": [],
        "supported_operations": [],
        "integration_endpoints": [],
    }
    state = {"status": "active", "mode": "production", "metrics": {}}
    dependencies: Json = {"required_services": [], "optional_services": [], "external_apis": []}
    message = {"from_service": sender, "message_type": "query", "payload": {}}
    receipt = {"received": True, "message_id": "m", "status": "completed"}
    return {
        "consumer": {"name": "a team"},
        "provider": {"name": "droplet"},
        "metadata": {"pactSpecification": {"version": "3.0.0"}},
        "interactions": [
            interaction(
                "health",
                "GET",
                "/health",
                status=200,
                body=health,
                matchingRules=both(
                    words("status", "^(healthy|degraded|unhealthy)$"),
                    like("timestamp", "uptime_seconds", "version"),
                ),
            ),
            interaction(
                "capabilities",
                "GET",
                "/capabilities",
                token=token,
                status=200,
                body=capabilities,
                matchingRules=like(*capabilities),
            ),
            interaction(
                "state",
                "GET",
                "/state",
                token=token,
                status=200,
                body=state,
                matchingRules=both(
                    words("status", "^(active|inactive|error)$"), like("mode", "metrics")
                ),
            ),
            interaction("state without a token", "GET", "/state", status=401),
            interaction(
                "dependencies",
                "GET",
                "/dependencies",
                token=token,
                status=200,
                body=dependencies,
                matchingRules=like(*dependencies),
            ),
            interaction(
                "a message",
                "POST",
                "/message",
                token=token,
                sends=message,
                status=200,
                body=receipt,
                matchingRules=both(
                    words("status", "^(processing|completed|failed)$"),
                    like("message_id", "received"),
                ),
            ),
        ],
    }


def main(url: str, token: str, sender: str) -> int:
    """Verify, and say what failed."""
    from pact import Verifier  # noqa: PLC0415 - 0.3 s, and only where it is used

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "by-hand.json")
        path.write_text(json.dumps(pact(token, sender)), encoding="utf-8")
        verifier = Verifier("droplet", host="127.0.0.1").add_source(str(path))
        verifier.add_transport(protocol="http", port=urlsplit(url).port)
        try:
            verifier.verify()
        except RuntimeError:
            failed = verifier.results.get("errors", [])
            print(
                "\n".join(
                    sorted({f"! {each.get('interaction')}" for each in failed}) or ["! failed"]
                )
            )
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
