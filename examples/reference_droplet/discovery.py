"""Guide section 3: where other services are, by the Registry's word, remembered for a while."""

import logging
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from reference_droplet.calls import CallFailedError
from reference_droplet.service_calls import ServiceCalls

# What the guide's sample does otherwise: it asks the Registry before every call, puts the name into
# the path as it came, and reads data["host"] out of whatever was answered, errors included.

REMEMBERED = 120.0  # seconds; CONF-20 allows 300

logger = logging.getLogger(__name__)


class UnknownServiceError(Exception):
    """The Registry knows no service of that name."""


class RegistryUnavailableError(Exception):
    """The Registry did not answer as a Registry does."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a service listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @classmethod
    def of(cls, value: object) -> "Place | None":
        """The place in a body of the Registry's, or None."""
        match value:
            case {"host": str(host), "port": int(port)} if host:
                return cls(host.lower(), port)
        return None


class Discovery:
    """Finds services by name."""

    def __init__(self, registry_url: str, calls: ServiceCalls) -> None:
        self._url = registry_url
        self._calls = calls
        self._known: dict[str, tuple[Place, float]] = {}

    async def place(self, name: str) -> Place:
        """Where a service is. Raises UnknownServiceError, RegistryUnavailableError."""
        place, asked_at = self._known.get(name, (None, 0.0))
        if place is not None and time.monotonic() - asked_at < REMEMBERED:
            return place
        try:
            found = Place.of(await self._ask(f"/services/by-name/{quote(name, safe='')}"))
        except RegistryUnavailableError as error:
            if place is None:
                raise
            logger.warning("%s is looked for where it was: %s", name, error)
            return place
        if found is None:
            self.forget(name)
            raise UnknownServiceError(name)
        self._known[name] = (found, time.monotonic())
        return found

    def forget(self, name: str) -> None:
        """Drop what is remembered of a service that did not answer there."""
        self._known.pop(name, None)

    async def is_registered(self, place: Place) -> bool:
        """Whether any registered service is there. Raises RegistryUnavailableError."""
        listed = await self._ask("/services")
        services = listed.get("services") if isinstance(listed, dict) else listed
        if not isinstance(services, list):
            raise RegistryUnavailableError("GET /services gave no list")
        return any(Place.of(each) == place for each in services)

    async def _ask(self, path: str) -> Any:
        """The body; None for a 404."""
        try:
            answer = await self._calls.send("GET", self._url + path, within=5)
        except CallFailedError as error:
            raise RegistryUnavailableError(str(error)) from error
        if answer.status == 404:  # noqa: PLR2004 - unknown
            return None
        if not answer.is_success:
            raise RegistryUnavailableError(f"GET {path} was answered {answer.status}")
        return answer.body
