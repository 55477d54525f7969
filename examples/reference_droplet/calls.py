"""Outgoing calls: one client for all, a deadline over the whole exchange, no redirects."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import httpx

# What the guide's samples do otherwise: a new AsyncClient for each call costs 60 to 100 ms, and
# `timeout=5.0` there bounds each read, not the exchange: a peer that sends one byte a second holds
# the connection for ever.

LARGEST_ANSWER = 1024 * 1024
LONGEST_WAIT = 60.0  # for one read, whatever a caller says of the whole


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `body` is the JSON value, or None where there is none."""

    status: int
    body: Any

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - the 2xx


class CallFailedError(Exception):
    """Nobody answered: refused, reset, too late, too much."""

    def __init__(self, what: str, *, was_sent: bool = True, is_late: bool = False) -> None:
        super().__init__(what)
        self.is_late = is_late
        """Whether all the time is spent that the caller had."""
        self.was_sent = was_sent
        """Whether the other side may have taken the request."""


class Calls:
    """Speaks HTTP to other services."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(timeout=LONGEST_WAIT, trust_env=False)

    async def send(
        self,
        method: str,
        url: str,
        *,
        within: float,
        token: str | None = None,
        json_body: object = None,
    ) -> Answer:
        """Send one request and read its answer in `within` seconds. Raises CallFailedError.

        A redirect is an answer like any other: the token goes nowhere that we did not choose.
        """
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        try:
            async with (
                asyncio.timeout(within),
                self._client.stream(method, url, headers=headers, json=json_body) as response,
            ):
                return Answer(response.status_code, _json(await _read(response)))
        except TimeoutError:
            raise CallFailedError(f"no answer within {within:g} s", is_late=True) from None
        except httpx.ConnectError as error:
            raise CallFailedError(_words(error), was_sent=False) from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise CallFailedError(_words(error)) from error

    async def close(self) -> None:
        await self._client.aclose()


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise ValueError("the answer is larger than a megabyte")
    return bytes(body)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")
