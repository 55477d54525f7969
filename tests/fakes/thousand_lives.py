"""A thousand fakes started and stopped: no socket, thread, task or object is left behind."""

import gc
import socket
import threading
from pathlib import Path

from udckit.fakes import FakeDroplet, FakeOrchestrator, FakeRegistry
from udckit.fakes._loop import SHARED

LIVES = 1000
GROWTH = 5000
"""Objects that a thousand lives may leave: less than five each."""


def one_life(number: int) -> None:
    with FakeRegistry() as registry:
        if number % 10 == 0:
            with (
                FakeOrchestrator(registry=registry) as orchestrator,
                FakeDroplet(registry=registry, orchestrator=orchestrator),
            ):
                orchestrator.journal.wait_for(path="/heartbeat", answered=200)
        line = socket.create_connection(("127.0.0.1", registry.port))
        line.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        assert line.recv(4096).startswith(b"HTTP/1.1 200")
        line.close()


def left() -> tuple[int, int, int]:
    gc.collect()
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    return descriptors, threading.active_count(), len(gc.get_objects())


def main() -> None:
    one_life(0)
    sockets, threads, objects = left()
    for number in range(LIVES):
        one_life(number)

    after = left()
    assert after[0] <= sockets, after
    assert after[1] == threads, after
    assert after[2] < objects + GROWTH, (after, objects)
    assert SHARED.users == 0


if __name__ == "__main__":
    main()
