"""The wire: httpcore with one deadline and one size limit over a whole exchange.

Read timeouts alone do not bound an answer that drips a byte a second. httpcore lets its network
be replaced, so every read and write here is given what is left of the exchange's deadline.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import h11
import httpcore

__all__ = ["DEADLINE", "SIZE_LIMIT", "Outgoing", "Returned", "Wire"]

DEADLINE: Final = 10.0
"""Seconds that a whole exchange may take: what a caller waits for /message (IG §5.2)."""

SIZE_LIMIT: Final = 1024 * 1024
"""Bytes of a body that are read; what is longer is cut and said to be."""

_CHUNK: Final = 64 * 1024
_GZIP_WINDOW: Final = 47


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it will stand on the wire; `prefix` and `target` are sent as they are.

    `instance` and `patient` are for the source that sends it, see `Ask`. One that is sent as it is
    goes over a connection of its own, and says of its length what its headers say.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str | bytes], ...] = ()
    body: bytes | None = None
    deadline: float = DEADLINE
    limit: int = SIZE_LIMIT
    prefix: str = ""
    instance: str = ""
    patient: bool = True
    as_it_is: bool = False


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back: an answer (`status` above 0), or a trouble."""

    seconds: float
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    truncated: bool = False
    trouble: str | None = None
    detail: str = ""


class _Local(threading.local):
    ends = 0.0
    connected = False


class _Stream(httpcore.NetworkStream):
    """A socket on which every wait ends with the exchange that it belongs to."""

    def __init__(self, sock: socket.socket, local: _Local) -> None:
        self._socket = sock
        self._local = local
        self.spoiled = False
        """True where more came than was asked for: it must not be taken for the next answer."""

    def _arm(self) -> None:
        left = self._local.ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline of the exchange is over")
        self._socket.settimeout(left)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline rules
        self._arm()
        try:
            return self._socket.recv(max_bytes)
        except TimeoutError as late:
            raise httpcore.ReadTimeout(str(late)) from late
        except OSError as lost:
            raise httpcore.ReadError(str(lost)) from lost

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the deadline rules
        view = memoryview(buffer)
        while view:
            self._arm()
            try:
                view = view[self._socket.send(view) :]
            except TimeoutError as late:
                raise httpcore.WriteTimeout(str(late)) from late
            except OSError as lost:
                raise httpcore.WriteError(str(lost)) from lost

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the deadline rules
    ) -> httpcore.NetworkStream:
        self._arm()
        try:
            return _Stream(
                ssl_context.wrap_socket(self._socket, server_hostname=server_hostname), self._local
            )
        except OSError as failed:
            self.close()
            raise httpcore.ConnectError(f"TLS: {failed}") from failed

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return self.spoiled or self._readable()
        if info == "socket":
            return self._socket
        return None

    def _readable(self) -> bool:
        """True where an idle connection has something to say: it was closed meanwhile."""
        try:
            self._socket.settimeout(0)
            return len(self._socket.recv(1, socket.MSG_PEEK)) <= 1
        except (BlockingIOError, ssl.SSLWantReadError, ValueError):
            return False
        except OSError:
            return True


class _Network(httpcore.NetworkBackend):
    def __init__(self, local: _Local) -> None:
        self._local = local

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline rules
        local_address: str | None = None,  # noqa: ARG002 - httpcore's seam has it
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - httpcore's seam has it
    ) -> httpcore.NetworkStream:
        self._local.connected = True
        left = max(self._local.ends - time.monotonic(), 0.001)
        try:
            sock = socket.create_connection((host, port), left)
        except TimeoutError as late:
            raise httpcore.ConnectTimeout(str(late)) from late
        except OSError as failed:
            raise httpcore.ConnectError(str(failed)) from failed
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _Stream(sock, self._local)


class Wire:
    """One kept client for one origin; safe to use from several threads at once."""

    def __init__(self, base: str, *, ca_file: str | None = None) -> None:
        origin = httpcore.URL(base)
        self._scheme, self._host, self._port = origin.scheme, origin.host, origin.port
        self._local = _Local()
        context = None
        if origin.scheme == b"https":
            context = ssl.create_default_context(cafile=ca_file)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            max_connections=100,
            max_keepalive_connections=30,
            network_backend=_Network(self._local),
        )
        host = origin.host.decode()
        default = {b"http": 80, b"https": 443}.get(origin.scheme)
        shown = f"[{host}]" if ":" in host else host
        self._authority = (
            shown if origin.port in {None, default} else f"{shown}:{origin.port}"
        ).encode()

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def send(self, outgoing: Outgoing) -> Returned:
        """Send one request and read its answer, within deadline and limit, whatever comes."""
        started = time.monotonic()
        self._local.ends = started + outgoing.deadline
        if outgoing.as_it_is:
            return self._as_it_is(outgoing, started)
        returned = self._once(outgoing, started)
        if returned.trouble == "reset" and not self._local.connected:
            # A kept connection that the server had closed meanwhile: ask again on a fresh one.
            started = time.monotonic()
            returned = self._once(outgoing, started)
        return returned

    def _once(self, outgoing: Outgoing, started: float) -> Returned:
        self._local.connected = False
        try:
            response = self._pool.handle_request(self._request(outgoing))
            try:
                status, headers = response.status, _text(response.headers)
                body, truncated = _read(response, outgoing, headers)
                response.extensions["network_stream"].spoiled = _said_more(response)
            finally:
                response.close()
        except (httpcore.ReadTimeout, httpcore.WriteTimeout, httpcore.ConnectTimeout):
            return Returned(
                time.monotonic() - started, trouble="timeout", detail=f"{outgoing.deadline:g} s"
            )
        except httpcore.ConnectError as failed:
            kind = "tls" if "TLS" in str(failed) else "refused"
            return Returned(time.monotonic() - started, trouble=kind, detail=str(failed))
        except (httpcore.ReadError, httpcore.WriteError) as lost:
            return Returned(time.monotonic() - started, trouble="reset", detail=_reason(lost))
        except httpcore.RemoteProtocolError as broken:
            kind = "reset" if "disconnected" in str(broken) else "protocol"
            detail = "" if kind == "reset" else _reason(broken)
            return Returned(time.monotonic() - started, trouble=kind, detail=detail)
        seconds = time.monotonic() - started
        return Returned(seconds, status, headers, body, truncated)

    def _as_it_is(self, outgoing: Outgoing, started: float) -> Returned:
        """Write the bytes by hand, say no more, and read what comes."""
        try:
            stream = _Network(self._local).connect_tcp(self._host.decode(), self._port or 80)
            try:
                stream.write(_head(outgoing, self._authority) + (outgoing.body or b""))
                return _answered(stream, outgoing, started)
            finally:
                stream.close()
        except (httpcore.ReadTimeout, httpcore.WriteTimeout, httpcore.ConnectTimeout):
            seconds = time.monotonic() - started
            return Returned(seconds, trouble="timeout", detail=f"{outgoing.deadline:g} s")
        except httpcore.ConnectError as failed:
            return Returned(time.monotonic() - started, trouble="refused", detail=str(failed))
        except (httpcore.ReadError, httpcore.WriteError) as lost:
            return Returned(time.monotonic() - started, trouble="reset", detail=_reason(lost))
        except h11.RemoteProtocolError as broken:
            seconds = time.monotonic() - started
            return Returned(seconds, trouble="protocol", detail=_reason(broken))

    def _request(self, outgoing: Outgoing) -> httpcore.Request:
        headers: list[tuple[bytes, bytes]] = [(b"Host", self._authority)]
        for name, value in outgoing.headers:
            headers.append((name.encode(), value if isinstance(value, bytes) else value.encode()))
        if outgoing.body is not None:
            headers.append((b"Content-Length", str(len(outgoing.body)).encode()))
        return httpcore.Request(
            method=outgoing.method,
            url=httpcore.URL(
                scheme=self._scheme,
                host=self._host,
                port=self._port,
                target=(outgoing.prefix + outgoing.target).encode(),
            ),
            headers=headers,
            content=outgoing.body,
        )


def _head(outgoing: Outgoing, authority: bytes) -> bytes:
    """Write a request's head; the connection ends with it."""
    lines = [f"{outgoing.method} {outgoing.prefix}{outgoing.target} HTTP/1.1".encode()]
    lines += [b"Host: " + authority, b"Connection: close"]
    for name, value in outgoing.headers:
        lines.append(
            name.encode() + b": " + (value if isinstance(value, bytes) else value.encode())
        )
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _answered(stream: httpcore.NetworkStream, outgoing: Outgoing, started: float) -> Returned:
    """Read one answer, up to the limit; a close before its head is a reset."""
    reader = h11.Connection(h11.CLIENT)
    reader.send(h11.Request(method=outgoing.method, target="/", headers=[("Host", "udckit")]))
    reader.send(h11.EndOfMessage())
    status, body, truncated = 0, b"", False
    headers: tuple[tuple[str, str], ...] = ()
    while True:
        event = reader.next_event()
        if event is h11.NEED_DATA:
            data = stream.read(_CHUNK)
            if not data and not status:
                return Returned(time.monotonic() - started, trouble="reset")
            reader.receive_data(data)
        elif isinstance(event, h11.Response):
            status, headers = event.status_code, _text(list(event.headers.raw_items()))
        elif isinstance(event, h11.Data):
            body = (body + event.data)[: outgoing.limit]
            truncated = len(body) >= outgoing.limit
        if truncated or isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            seconds = time.monotonic() - started
            return Returned(seconds, status, headers, bytes(body), truncated)


def _read(
    response: httpcore.Response, outgoing: Outgoing, headers: tuple[tuple[str, str], ...]
) -> tuple[bytes, bool]:
    """Read a body up to the limit; unpack what was packed unasked, up to the limit too."""
    limit = outgoing.limit
    coding = next((v.strip().lower() for k, v in headers if k.lower() == "content-encoding"), "")
    unpack = zlib.decompressobj(_GZIP_WINDOW) if coding in {"gzip", "x-gzip", "deflate"} else None
    parts: list[bytes] = []
    size = 0
    stream: Any = response.stream
    for chunk in stream:
        part = chunk
        if unpack is not None:
            try:
                part = unpack.decompress(chunk, limit - size + 1)
            except zlib.error:
                return b"".join(parts) + chunk[: limit - size], False
        parts.append(part)
        size += len(part)
        if size > limit:
            return b"".join(parts)[:limit], True
    return b"".join(parts), False


def _said_more(response: httpcore.Response) -> bool:
    """True where bytes came behind the end of the answer, in the same breath.

    httpcore keeps them for the next answer on the connection, and has no public word for them.
    """
    inner = getattr(response.stream, "_stream", None)
    state = getattr(getattr(inner, "_connection", None), "_h11_state", None)
    return state is not None and bool(state.trailing_data[0])


def _text(headers: list[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _reason(trouble: Exception) -> str:
    return str(trouble)[:120]
