"""Outgoing calls against servers that answer in odd ways."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from udckit.fakes import FakeRegistry, Fault, SystemClock
from udckit.fakes._client import Client, Reply, UnreachableError

Says = Callable[[bytes], str]


@pytest.fixture
def says() -> Iterator[Says]:
    """A server that reads a request and says these bytes; gives its URL."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(answer: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            line, _ = listener.accept()
            with line:
                line.recv(65536)
                line.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        threads.append(thread)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for thread in threads:
        thread.join(5)
    for listener in listeners:
        listener.close()


def get(url: str, seconds: float = 5.0) -> Reply:
    async def one() -> Reply:
        client = Client(SystemClock())
        try:
            return await client.get(url, timeout=seconds)
        finally:
            await client.close()

    return asyncio.run(one())


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", b"hi"),
        (b"HTTP/1.0 200 OK\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b""),
    ],
)
def test_an_answer_is_read_however_it_is_framed(says: Says, answer: bytes, body: bytes) -> None:
    assert get(says(answer)) == Reply(200, body)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "closed before the answer"),
        (b"SSH-2.0-OpenSSH\r\n", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhi", "closed before the answer"),
        (b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * (2 << 20), "larger than a megabyte"),
    ],
)
def test_what_is_no_answer_is_unreachable(says: Says, answer: bytes, why: str) -> None:
    with pytest.raises(UnreachableError, match=why):
        get(says(answer))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/x",
        "ftp://h/",
        "http://",
        "http://h:99999/",
        "http://h/ x",
        "http://h/\r\n",
        "http://ä/",
    ],
)
def test_a_url_that_is_none_is_unreachable(url: str) -> None:
    with pytest.raises(UnreachableError):
        get(url)


def test_a_closed_port_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(UnreachableError):
            get(f"http://127.0.0.1:{free.getsockname()[1]}/")


def test_a_redirect_is_an_answer_like_any_other(registry: FakeRegistry) -> None:
    with registry.faults.active(Fault.redirect("/health")):
        assert get(f"{registry.url}/x").status == 307


def test_a_call_that_hangs_is_over_in_time() -> None:
    with FakeRegistry() as registry, registry.faults.active(Fault.hang()):
        with pytest.raises(UnreachableError, match=r"within 0\.05 s"):
            get(f"{registry.url}/health", 0.05)
        entry = registry.journal.wait_for(lambda one: one.released is not None)

    assert entry.answered is None


def test_a_cancelled_call_leaves_no_connection(registry: FakeRegistry) -> None:
    async def cancels() -> Any:
        client = Client(SystemClock())
        for turns in range(12):
            task = asyncio.ensure_future(client.get(f"{registry.url}/health", timeout=5))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await client.close()
        return client._lines

    assert asyncio.run(cancels()) == set()
