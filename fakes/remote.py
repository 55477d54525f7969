"""Fakes of another process: found on this machine, and spoken to through their control API."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from udckit.fakes._tokens import SigningKey
from udckit.fakes.faults import Fault
from udckit.fakes.journal import NotSeenError

__all__ = ["ControlError", "RemoteFake", "RunningFakes"]

PATIENCE = 5.0


class ControlError(Exception):
    """The control API refused, or did not answer."""


@dataclass(frozen=True, slots=True)
class RemoteFake:
    """One fake, by its base URL."""

    url: str

    def describe(self, *, timeout: float = PATIENCE) -> dict[str, Any]:
        """Who it is, and which fakes run beside it. Raises ControlError."""
        return self._ask("GET", "", timeout=timeout)

    def mint(
        self,
        *,
        service_id: int = 999,
        service_name: str = "udckit-minted",
        capabilities: tuple[str, ...] = (),
        lifetime: float | None = None,
        claims: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None,
    ) -> str:
        """A token, as `FakeRegistry.mint` makes it. Raises ControlError."""
        given = claims or {}
        asked = {
            "service_id": service_id,
            "service_name": service_name,
            "capabilities": list(capabilities),
            "lifetime": lifetime,
            "claims": {name: value for name, value in given.items() if value is not ...},
            "without": [name for name, value in given.items() if value is ...],
            "headers": None if headers is None else dict(headers),
        }
        said = {name: value for name, value in asked.items() if value is not None}
        return str(self._ask("POST", "mint", said)["token"])

    def key(self) -> SigningKey:
        """The Registry's key, to forge with. Raises ControlError."""
        told = self._ask("GET", "key")
        return SigningKey.from_pem(told["private_key"], told["name"])

    def rotate_key(self) -> str:
        """Take another key; gives its public half. Raises ControlError."""
        return str(self._ask("POST", "rotate", {})["public_key"])

    def journal(self, *, since: int = 0, limit: int = 1000) -> dict[str, Any]:
        """Entries above the number `since`, redacted. Raises ControlError."""
        return self._ask("GET", f"journal?{urlencode({'since': since, 'limit': limit})}")

    def wait_for(self, *, timeout: float = 5.0, **wanted: Any) -> dict[str, Any]:
        """The first entry that fits, redacted. Raises NotSeenError, ControlError."""
        asked = {"timeout": timeout, **wanted}
        return self._ask("POST", "journal/wait", asked, timeout=timeout + PATIENCE)

    def faults(self) -> list[dict[str, Any]]:
        """The faults that it is under. Raises ControlError."""
        return list(self._ask("GET", "faults")["faults"])

    def add_fault(self, fault: Fault) -> None:
        """Put it under a fault. Raises ControlError."""
        self._ask("POST", "faults", fault.as_json())

    def clear_faults(self) -> None:
        """Let it be right again. Raises ControlError."""
        self._ask("DELETE", "faults")

    def reset(self) -> None:
        """Let it forget. Raises ControlError."""
        self._ask("POST", "reset", {})

    def _ask(
        self,
        method: str,
        path: str,
        value: Mapping[str, Any] | None = None,
        *,
        timeout: float = PATIENCE,
    ) -> dict[str, Any]:
        parts = urlsplit(self.url)
        line = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=timeout)
        headers = {} if value is None else {"content-type": "application/json"}
        body = None if value is None else json.dumps(value)
        try:
            line.request(method, f"/__udckit__/{path}", body, headers)
            response = line.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ControlError(f"the fake at {self.url} does not answer: {error}") from None
        finally:
            line.close()
        if response.status < 300:  # noqa: PLR2004 - the 2xx
            return dict(answer)
        told = answer.get("error", {}) if isinstance(answer, dict) else {}
        if told.get("code") == "NOT_SEEN":
            raise NotSeenError(told["message"])
        raise ControlError(f"{method} /__udckit__/{path}: {response.status} {told.get('message')}")


@dataclass(frozen=True, slots=True)
class RunningFakes:
    """The Registry and the Orchestrator that somebody started with `udckit fakes up`."""

    pid: int
    registry: RemoteFake
    orchestrator: RemoteFake
    started: float
    """Epoch seconds."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What a droplet was told to be beside their addresses: SERVICE_NAME, DROPLET_ID and a port."""

    @property
    def environment(self) -> dict[str, str]:
        """What a droplet needs to be started against them."""
        return {"REGISTRY_URL": self.registry.url, "ORCHESTRATOR_URL": self.orchestrator.url}
