"""The memory of a Registry: who registered, under which number."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["NameTakenError", "Registration", "Service", "Services"]

FIRST_ID = 1001


class NameTakenError(ValueError):
    """The name belongs to a service with another droplet_id (CONF-06)."""


@dataclass(frozen=True, slots=True)
class Service:
    """One registered droplet, as it last registered."""

    service_id: int
    name: str
    droplet_id: int
    host: str
    port: int
    health_endpoint: str
    capabilities: tuple[str, ...]
    version: str
    registered_at: float

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def as_json(self, status: str) -> dict[str, Any]:
        """What discovery shows of it."""
        return {
            "service_id": self.service_id,
            "name": self.name,
            "droplet_id": self.droplet_id,
            "host": self.host,
            "port": self.port,
            "health_endpoint": self.health_endpoint,
            "capabilities": list(self.capabilities),
            "version": self.version,
            "status": status,
        }


@dataclass(frozen=True, slots=True)
class Registration:
    """What a registered droplet is given."""

    token: str
    service_id: int
    service: Service


class Services:
    """Services by name and by number; a number is never that service's droplet_id (CONF-31)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_name: dict[str, Service] = {}
        self._by_id: dict[int, Service] = {}
        self._next = FIRST_ID

    def __len__(self) -> int:
        return len(self._by_name)

    def all(self) -> tuple[Service, ...]:
        """Every service, in the order of first registration."""
        with self._lock:
            return tuple(self._by_id.values())

    def named(self, name: str) -> Service | None:
        return self._by_name.get(name)

    def numbered(self, service_id: int) -> Service | None:
        return self._by_id.get(service_id)

    def put(self, facts: Mapping[str, Any], host: str, now: float) -> Service:
        """Register, or register again under the same number. Raises NameTakenError."""
        with self._lock:
            known = self._by_name.get(facts["name"])
            if known is not None and known.droplet_id != facts["droplet_id"]:
                raise NameTakenError(facts["name"])
            service = Service(
                service_id=self._number(facts["droplet_id"]) if known is None else known.service_id,
                name=facts["name"],
                droplet_id=facts["droplet_id"],
                host=host,
                port=facts["port"],
                health_endpoint=facts["health_endpoint"],
                capabilities=tuple(facts["capabilities"]),
                version=facts["version"],
                registered_at=now,
            )
            self._by_name[service.name] = service
            self._by_id[service.service_id] = service
        return service

    def clear(self) -> None:
        """Forget every service; numbers go on."""
        with self._lock:
            self._by_name.clear()
            self._by_id.clear()

    def _number(self, droplet_id: int) -> int:
        number = self._next + (self._next == droplet_id)
        self._next = number + 1
        return number
