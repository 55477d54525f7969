"""Raw requests over a socket, and faults of one row: what the proxy is tested with."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml
from hostile import Line, answer

from faults.fault import Fault, read_faults

__all__ = ["echoing", "exchange", "fault", "request"]


def fault(folder: Path, **row: Any) -> Fault:
    """Read a fault as the catalogue would have it."""
    path = folder / "faults.yaml"
    given = {"id": "x", "story": "s", "where": "* *", "kills": ["UDC-HEALTH-002"], **row}
    path.write_text(yaml.safe_dump([given]), encoding="utf-8")
    return read_faults(path)[0]


def request(
    method: str = "GET", target: str = "/health", *headers: str, body: bytes = b""
) -> bytes:
    told = [*headers, f"Content-Length: {len(body)}"] if body else list(headers)
    lines = "".join(f"{each}\r\n" for each in told)
    return f"{method} {target} HTTP/1.1\r\nHost: h\r\n{lines}\r\n".encode("latin-1") + body


def exchange(url: str, sent: bytes, *, size: int | None = None) -> bytes:
    """Send bytes, and give what comes back: so many bytes, or all until the other side closes."""
    host, port = url.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), timeout=5)) as sock:
        sock.sendall(sent)
        got = b""
        while size is None or len(got) < size:
            part = sock.recv(65536)
            if not part:
                break
            got += part
        return got


def echoing(line: Line) -> None:
    """Answer each request with what was asked: the head, as it came."""
    while head := line.request():
        line.send(answer(head, "X-Echo: 1"))
