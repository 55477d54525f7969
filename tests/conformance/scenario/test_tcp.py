"""The proxy before a dependency: open, cut, hung, and open again."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from leaning import Upstream

from udckit.conformance.scenario.tcp import TcpProxy

SHORT = 0.2


@pytest.fixture
def proxy() -> Iterator[TcpProxy]:
    with Upstream() as upstream, TcpProxy(("127.0.0.1", upstream.port)) as proxy:
        yield proxy


def _connected(proxy: TcpProxy) -> socket.socket:
    return socket.create_connection(proxy.place, 5.0)


def _asked(door: socket.socket) -> bytes:
    door.sendall(b"PING\r\n")
    return door.recv(16)


def _is_gone(door: socket.socket) -> bool:
    try:
        return _asked(door) == b""
    except ConnectionError:
        return True


def test_open_proxy_passes_bytes_on(proxy: TcpProxy) -> None:
    with _connected(proxy) as first, _connected(proxy) as second:
        assert (_asked(first), _asked(second)) == (b"+PONG\r\n", b"+PONG\r\n")

    assert (proxy.peak, proxy.taken) == (2, 2)


def test_cut_proxy_drops_what_is_connected_and_refuses_what_comes(proxy: TcpProxy) -> None:
    with _connected(proxy) as door:
        _asked(door)
        proxy.cut()

        assert _is_gone(door)
    with pytest.raises(ConnectionRefusedError):
        _connected(proxy)


def test_restored_proxy_listens_where_it_did(proxy: TcpProxy) -> None:
    proxy.cut()
    proxy.restore()

    with _connected(proxy) as door:
        assert _asked(door) == b"+PONG\r\n"


def test_hung_proxy_takes_everything_and_says_nothing_until_it_is_restored(
    proxy: TcpProxy,
) -> None:
    with _connected(proxy) as old:
        _asked(old)
        proxy.hang()
        with _connected(proxy) as fresh:
            for door in (old, fresh):
                door.settimeout(SHORT)
                with pytest.raises(TimeoutError):
                    _asked(door)
                door.settimeout(5.0)
            proxy.restore()

            assert (old.recv(16), fresh.recv(16)) == (b"+PONG\r\n", b"+PONG\r\n")


def test_client_that_leaves_is_let_go(proxy: TcpProxy) -> None:
    _connected(proxy).close()

    with _connected(proxy) as door:
        assert _asked(door) == b"+PONG\r\n"
