"""Sockets, threads and tasks: what is started is ended, a thousand times."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from udckit.fakes import FakeOrchestrator, FakeRegistry, serve_asgi
from udckit.fakes._loop import SHARED


async def hello(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def test_a_server_takes_a_free_port_and_answers(ask: Any) -> None:
    server = serve_asgi(hello)
    try:
        assert server.port > 0
        assert ask(server.url).body == b"hello"
    finally:
        server.stop()


@pytest.fixture
def users() -> int:
    """How many servers share the loop already: a session may keep fakes up beside a test."""
    return SHARED.users


def test_stop_may_be_called_twice(users: int) -> None:
    server = serve_asgi(hello)
    server.stop()
    server.stop()

    assert SHARED.users == users


def test_a_taken_port_is_an_os_error_and_leaks_nothing(users: int) -> None:
    with FakeRegistry() as registry, pytest.raises(OSError, match="in use"):
        FakeRegistry(port=registry.port).start()

    assert SHARED.users == users


def test_an_application_that_does_not_start_is_a_runtime_error(users: int) -> None:
    async def broken(_: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(RuntimeError, match="no database"):
        serve_asgi(broken)

    assert SHARED.users == users


def test_lifespan_state_reaches_the_application(ask: Any) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            scope["state"]["who"] = "me"
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            seen.append("shut down")
            return
        seen.append(scope["state"]["who"])
        await hello(scope, receive, send)

    server = serve_asgi(app)
    ask(server.url)
    server.stop()

    assert seen == ["me", "shut down"]


def test_an_application_may_have_a_loop_to_itself(ask: Any) -> None:
    with FakeRegistry() as registry:

        async def blocks(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                ask(f"{registry.url}/health")
                await hello(scope, receive, send)

        server = serve_asgi(blocks, own_loop=True)
        try:
            assert ask(server.url, timeout=5).body == b"hello"
        finally:
            server.stop()


def loops() -> int:
    """How many threads run the fakes' shared loop."""
    return sum(thread.name == "udckit-fakes" for thread in threading.enumerate())


def test_the_fakes_share_one_thread_that_ends_with_the_last(users: int) -> None:
    with FakeRegistry() as registry, FakeOrchestrator(registry=registry):
        assert loops() == 1

    assert loops() == (1 if users else 0)


def test_a_blocking_call_on_the_loop_itself_is_an_error_not_a_deadlock(users: int) -> None:
    with FakeRegistry() as registry:
        other = FakeRegistry()

        async def nested() -> None:
            other.start()

        with pytest.raises(RuntimeError, match="own loop"):
            registry._server.loop.call(nested())  # type: ignore[union-attr]  # it runs

    assert SHARED.users == users


def test_open_connections_do_not_hold_a_stop_up() -> None:
    registry = FakeRegistry().start()
    lines = [socket.create_connection(("127.0.0.1", registry.port)) for _ in range(20)]
    lines[0].sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
    lines[0].recv(4096)
    lines[1].sendall(b"POST /register HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf")

    started = time.perf_counter()
    registry.stop()

    assert time.perf_counter() - started < 1
    for line in lines:
        line.close()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts descriptors in /proc")
def test_a_thousand_fakes_leave_nothing_behind() -> None:
    """In a process of its own, where nobody else opens a socket or starts a thread."""
    script = Path(__file__).with_name("thousand_lives.py")
    words = [sys.executable, "-W", "error", str(script)]

    run = subprocess.run(words, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout + run.stderr


def test_a_fake_is_an_asgi_application_in_process() -> None:
    registry = FakeRegistry()
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/health",
        "query_string": b"",
        "headers": [],
    }
    asyncio.run(registry(scope, receive, send))

    assert sent[0]["status"] == 200
    assert registry.journal.find(path="/health", answered=200)


def test_httpx_can_ask_it_in_process() -> None:
    httpx = pytest.importorskip("httpx")
    registry = FakeRegistry()

    async def asks() -> Any:
        transport = httpx.ASGITransport(app=registry)
        async with httpx.AsyncClient(transport=transport, base_url="http://registry") as client:
            token = registry.register("my-service", 10).token
            bearer = {"authorization": f"Bearer {token}"}
            return await client.get("/services/by-name/my-service", headers=bearer)

    assert asyncio.run(asks()).json()["port"] == 8010


def test_url_before_start_is_an_error_that_says_so() -> None:
    with pytest.raises(RuntimeError, match="before it is started"):
        _ = FakeRegistry().url


def test_ipv6_is_served(ask: Any) -> None:
    if not socket.has_ipv6 or os.path.exists("/proc/net/if_inet6") is False:  # noqa: PTH110 - one look
        pytest.skip("no IPv6 here")
    try:
        registry = FakeRegistry(host="::1").start()
    except OSError:
        pytest.skip("no IPv6 loopback here")
    try:
        assert registry.url.startswith("http://[::1]:")
        assert ask(f"{registry.url}/health").status == 200
    finally:
        registry.stop()
