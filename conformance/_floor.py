"""The machine's own floor: what a trivial answer costs on this loopback, beside a target's time."""

from __future__ import annotations

import statistics
from typing import Any, Final

from udckit.conformance._wire import Outgoing, Wire
from udckit.fakes import serve_asgi

__all__ = ["floor_p95"]

_SAMPLES: Final = 20


async def _trivial(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the form of ASGI
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    )
    await send({"type": "http.response.body", "body": b"{}"})


def floor_p95() -> float:
    """Give the p95, in seconds, of 20 trivial answers over loopback."""
    server = serve_asgi(_trivial, lifespan="off")
    wire = Wire(server.url)
    try:
        wire.send(Outgoing("GET", "/"))
        times = [wire.send(Outgoing("GET", "/")).seconds for _ in range(_SAMPLES)]
    finally:
        wire.close()
        server.stop()
    return statistics.quantiles(times, n=20, method="inclusive")[-1]
