"""What a fake costs beside a bare server on the same stack: `python benchmarks/bench_fakes.py`.

CPU of the server process, per request, in one run and alternated, so that a busy machine is busy
for all of them. What a signature costs is measured where it is paid: in a bare server that signs
once for each request, because in a loop of nothing else it is cheaper than in any server. Ratios
are judged; figures are printed.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROUNDS = 25
REQUESTS = 800
REGISTRATIONS = 150
STARTS = 30
PRISM_REQUESTS = 500

CHILD = """
import sys, time
from udckit.fakes import FakeRegistry, serve_asgi
kind = sys.argv[1]
key = FakeRegistry().key
claims = {
    "service_id": 1001,
    "service_name": "my-service",
    "capabilities": ["task_processing"],
    "exp": 1795480847,
    "iat": 1795477247,
}
if kind in {"bare", "signing"}:
    body = sys.argv[2].encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    async def app(scope, receive, send):
        if scope["method"] == "POST":
            while (await receive()).get("more_body"):
                pass
        status = 201 if scope["method"] == "POST" else 200
        if kind == "signing":
            claims["iat"] += 1
            key.sign(claims)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
    served = serve_asgi(app, lifespan="off")
    token = ""
else:
    served = FakeRegistry().start()
    token = served.register("my-service", 10).token
print(served.port, token, flush=True)
for _ in sys.stdin:
    print(time.process_time(), flush=True)
"""

FIRST_200 = """
from udckit.fakes import FakeRegistry
with FakeRegistry() as registry:
    import socket
    with socket.create_connection(("127.0.0.1", registry.port)) as line:
        line.sendall(b"GET /health HTTP/1.1\\r\\nhost: x\\r\\nconnection: close\\r\\n\\r\\n")
        assert line.recv(65536).startswith(b"HTTP/1.1 200"), "no 200"
"""


@dataclass
class Child:
    """A server in a process of its own, which tells its CPU time."""

    process: subprocess.Popen[str]
    port: int
    token: str

    def cpu(self) -> float:
        """Seconds of CPU that it has spent."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("cpu\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


@contextlib.contextmanager
def child(*args: str) -> Iterator[Child]:
    """Start a server of `CHILD`, end it by its id."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        port, _, token = process.stdout.readline().strip().partition(" ")
        yield Child(process, int(port), token)
    finally:
        process.terminate()
        process.communicate()


class Line:
    """One kept connection, as cheap as a client can be."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes, times: int, status: bytes) -> None:
        for _ in range(times):
            self._socket.sendall(request)
            answer = self._socket.recv(65536)
            while not whole(answer):
                answer += self._socket.recv(65536)
            if not answer.startswith(b"HTTP/1.1 " + status):
                raise SystemExit(f"not {status!r}: {answer[:300]!r}")

    def close(self) -> None:
        self._socket.close()


def whole(answer: bytes) -> bool:
    """Whether an answer has come to its end."""
    head, _, body = answer.partition(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return bool(length) and len(body) >= int(length)


def request(method: str, path: str, token: str, body: bytes = b"") -> bytes:
    """The bytes of a request, as an ordinary client sends them."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "host: 127.0.0.1:8000",
        "accept: */*",
        "accept-encoding: gzip, deflate",
        "connection: keep-alive",
        "user-agent: python-httpx/0.28.1",
        f"authorization: Bearer {token}",
    ]
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def cpu_per_request(server: Child, line: Line, sent: bytes, times: int, status: bytes) -> float:
    """Seconds of CPU that the server spends on one request."""
    before = server.cpu()
    line.ask(sent, times, status)
    return (server.cpu() - before) / times


def by_name_and_register() -> list[dict[str, float]]:
    """Alternate fake and bare server; gives the CPU of a request in every round."""
    registration = json.dumps(
        {
            "name": "my-service",
            "droplet_id": 10,
            "port": 8010,
            "health_endpoint": "/health",
            "capabilities": ["task_processing"],
            "version": "1.0.0",
            "udc_compliant": True,
        }
    ).encode()
    with (
        child("fake") as fake,
        child("bare", "x" * 190) as bare,
        child("bare", "x" * 560) as post,
        child("signing", "x" * 560) as signing,
    ):
        look_up = request("GET", "/services/by-name/my-service", fake.token)
        register = request("POST", "/register", fake.token, registration)
        lines = [Line(one.port) for one in (fake, bare, post, signing)]
        rounds = []
        for _ in range(ROUNDS + 1):
            measured = {
                "by_name": cpu_per_request(fake, lines[0], look_up, REQUESTS, b"200"),
                "bare_get": cpu_per_request(bare, lines[1], look_up, REQUESTS, b"200"),
                "register": cpu_per_request(fake, lines[0], register, REGISTRATIONS, b"201"),
                "bare_post": cpu_per_request(post, lines[2], register, REGISTRATIONS, b"201"),
                "signing_post": cpu_per_request(signing, lines[3], register, REGISTRATIONS, b"201"),
            }
            rounds.append(measured)
        for line in lines:
            line.close()
    return rounds[1:]  # the first one warms up


def up_and_down() -> float:
    """Seconds for a fake in this process: up, first 200, down; warm."""
    from udckit.fakes import FakeRegistry  # noqa: PLC0415 - a part of what is measured elsewhere

    took = []
    for _ in range(STARTS):
        started = time.perf_counter()
        with FakeRegistry() as registry:
            line = Line(registry.port)
            line.ask(request("GET", "/health", ""), 1, b"200")
            line.close()
        took.append(time.perf_counter() - started)
    return statistics.median(took[5:])


def wall(command: list[str]) -> float:
    """Seconds until a command has ended."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def fresh_process() -> tuple[float, float]:
    """Seconds to the first 200 of a fresh process, and for its imports alone; best of fifteen."""
    ours, theirs = [], []
    for _ in range(15):
        ours.append(wall([sys.executable, "-c", FIRST_200]))
        theirs.append(wall([sys.executable, "-c", "import asyncio, cryptography"]))
    return min(ours), min(theirs)


def cpu_of(group: int) -> float:
    """Seconds of CPU of every process of a group, as Linux counts them."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def prism(folder: Path, wait: float = 120.0) -> dict[str, float] | None:
    """Start and CPU per request of Prism on the Registry's document; None without npm."""
    if shutil.which("npm") is None or not Path("/proc").is_dir():
        return None
    install = ["npm", "install", "--silent", "--no-fund", "--no-audit", "@stoplight/prism-cli@5"]
    if subprocess.run(install, cwd=folder, check=False).returncode:
        return None
    from udckit.specs import surface  # noqa: PLC0415 - only here

    document = folder / "registry.json"
    document.write_text(json.dumps(surface("registry").document))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(folder / "node_modules/.bin/prism"), "mock", "-p", str(port), str(document)]
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    sent = request("GET", "/services/by-name/my-service", "x.y.z")
    try:
        line = connected(port, process, sent, wait)
        took = time.perf_counter() - started
        line.ask(sent, PRISM_REQUESTS, b"200")
        before = cpu_of(process.pid)
        line.ask(sent, PRISM_REQUESTS, b"200")
        spent = (cpu_of(process.pid) - before) / PRISM_REQUESTS
        line.close()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()
    return {"start": took, "cpu": spent}


def connected(port: int, process: subprocess.Popen[bytes], sent: bytes, wait: float) -> Line:
    """A line to a server that has just answered for the first time."""
    ends = time.perf_counter() + wait
    while process.poll() is None and time.perf_counter() < ends:
        with contextlib.suppress(OSError):
            line = Line(port)
            line.ask(sent, 1, b"200")
            return line
        time.sleep(0.02)
    raise SystemExit("prism did not come up")


def judged(rows: list[tuple[str, float, float, str]]) -> bool:
    """Print figure against limit; whether all hold."""
    for name, value, limit, unit in rows:
        verdict = "ok  " if value <= limit else "OVER"
        print(f"{verdict} {name:<58} {value:8.2f}{unit}  at most {limit:.2f}{unit}")
    return all(value <= limit for _, value, limit, _ in rows)


def measured(*, with_prism: bool, ms: Callable[[float], float]) -> bool:
    """Measure everything; whether all limits hold."""
    rounds = by_name_and_register()
    first, imports = fresh_process()
    cpu = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    for name, value in cpu.items():
        print(f"     {name:<58} {value * 1e6:8.1f} us of CPU")
    look_up = statistics.median(one["by_name"] / one["bare_get"] for one in rounds)
    register = statistics.median(
        (one["register"] - one["bare_post"]) / (one["signing_post"] - one["bare_post"])
        for one in rounds
    )
    rows = [
        ("GET by-name over a bare GET", look_up, 2.5, "  "),
        ("(register - bare POST) over one RS256 signature", register, 1.3, "  "),
        ("up, first 200, down, in-process and warm", ms(up_and_down()), 15.0, "ms"),
        ("fresh process to first 200 and out", ms(first), ms(2 * imports) + 100, "ms"),
    ]
    if with_prism:
        with tempfile.TemporaryDirectory() as folder:
            other: dict[str, Any] | None = prism(Path(folder))
        if other is None:
            print("     no npm here: Prism was not measured")
        else:
            print(
                f"     prism: up in {ms(other['start']):.0f} ms, {other['cpu'] * 1e6:.0f} us of CPU"
            )
            rows += [
                ("start over Prism's", first / other["start"], 0.2, "  "),
                ("CPU per request over Prism's", cpu["by_name"] / other["cpu"], 0.1, "  "),
            ]
    return judged(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-prism", action="store_true", help="leave the comparison out")
    asked = parser.parse_args()
    sys.exit(not measured(with_prism=not asked.no_prism, ms=lambda seconds: 1000 * seconds))
