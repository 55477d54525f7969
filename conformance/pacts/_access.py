"""Where the Pact Broker is, and as whom to speak to it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from udckit.conformance.errors import InvocationError

__all__ = ["BrokerAccess"]


@dataclass(frozen=True, slots=True)
class BrokerAccess:
    """Where the broker is, and as whom to speak to it; the secrets are never shown."""

    url: str
    token: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if "@" in parts.netloc:
            raise InvocationError(
                "The broker's URL holds credentials: leave them out, and set PACT_BROKER_USERNAME "
                "and PACT_BROKER_PASSWORD, which are never shown."
            )
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InvocationError(
                f"{self.url!r} is no URL of a Pact Broker, such as http://127.0.0.1:9292"
            )

    @property
    def authorization(self) -> str | None:
        """The header that is sent, None where nothing was given."""
        if self.token:
            return f"Bearer {self.token}"
        if self.username:
            pair = f"{self.username}:{self.password or ''}".encode()
            return f"Basic {base64.b64encode(pair).decode()}"
        return None

    @property
    def shown(self) -> str:
        """How it authenticates, without the secret."""
        if self.token:
            return "a bearer token"
        return f"user {self.username}" if self.username else "no credentials"
