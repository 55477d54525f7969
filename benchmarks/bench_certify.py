"""What a stage 1 run costs, as ratios within one run: machines differ, ratios hold.

- CPU of `certify` on a warm local droplet (imports aside) over replaying the same requests with
  one kept `httpx.Client`, and over `http.client` beside it.
- Wall time of `udckit certify` from its start to its first request, over the start of Python with
  `httpx` and `jwt`.

Fakes and droplet run as processes of their own, so that only the kit's own CPU is counted.
"""

import contextlib
import http.client
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from udckit.conformance import Exchange, Options, RunRecord, certify
from udckit.conformance.target import launch

ROUNDS = 5
UDCKIT = str(Path(sys.executable).with_name("udckit"))
FAKES = [UDCKIT, "fakes", "up"]
DROPLET = f"{UDCKIT} fakes droplet --port {{port}}"


def main() -> None:
    """Measure, and print one table."""
    with droplet_beside_fakes() as (url, folder):
        _bench_cpu(url, folder)
    _bench_start()


@contextlib.contextmanager
def droplet_beside_fakes() -> Iterator[tuple[str, Path]]:
    """Run fakes and a droplet as processes of their own; give its URL, and a folder for records."""
    with (
        TemporaryDirectory() as folder,
        subprocess.Popen(FAKES, stdout=subprocess.PIPE, text=True) as fakes,
    ):
        try:
            with launch(DROPLET, fakes_environment(fakes), startup=20) as droplet:
                yield droplet.url, Path(folder)
        finally:
            fakes.terminate()


def fakes_environment(fakes: "subprocess.Popen[str]") -> dict[str, str]:
    """Read the lines that `udckit fakes up` prints for a shell to export."""
    wanted = {"REGISTRY_URL", "ORCHESTRATOR_URL"}
    found = {"SERVICE_NAME": "bench", "DROPLET_ID": "7"}
    assert fakes.stdout is not None
    for line in fakes.stdout:
        name, _, value = line.removeprefix("export ").strip().partition("=")
        if name in wanted:
            found[name] = value
            wanted.discard(name)
        if not wanted:
            break
    return found


def _bench_cpu(url: str, folder: Path) -> None:
    options = Options(url=url, stages=("shape",), report_dir=folder)
    record = certify(options)  # warm: imports, validators, the droplet itself
    exchanges = [each for _, each in sorted(record.exchanges.items()) if not _is_by_hand(each)]
    token = minted()
    ours, over_httpx, over_http_client = [], [], []
    for _ in range(ROUNDS):
        ours.append(_cpu(lambda: certify(options)))
        over_httpx.append(_cpu(lambda: _replay_httpx(url, exchanges, token)))
        over_http_client.append(_cpu(lambda: _replay_http_client(url, exchanges, token)))
    kit, client, plain = map(statistics.median, (ours, over_httpx, over_http_client))
    say("requests of a stage 1 run", f"{_requests(record)}")
    say("CPU of the run (median of 5)", f"{kit * 1000:.0f} ms")
    say("CPU of the same requests, one httpx.Client", f"{client * 1000:.0f} ms")
    say("CPU of the same requests, http.client", f"{plain * 1000:.0f} ms")
    say("ratio to httpx (target: at most 2)", f"{kit / client:.2f}")
    say("ratio to http.client", f"{kit / plain:.2f}")


def _is_by_hand(exchange: Exchange) -> bool:
    """Say whether a request says of its length what no client would; then nobody can replay it."""
    named = {name.lower() for name, _ in exchange.request.headers}
    return not named.isdisjoint({"content-length", "transfer-encoding"})


def _requests(record: RunRecord) -> int:
    assert record.footer is not None
    return int(record.footer["requests_sent"])


def _cpu(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def minted() -> str:
    """Give a token of the fakes that are up."""
    told = subprocess.run([UDCKIT, "fakes", "token"], capture_output=True, text=True, check=True)
    return told.stdout.strip()


def _sent(exchange: Exchange, token: str) -> tuple[str, str, dict[str, str], bytes | None]:
    """Rebuild what was sent; the record holds a token's facts, so a fresh one stands in."""
    request = exchange.request
    headers = {
        name: f"Bearer {token}" if name == "Authorization" else value
        for name, value in request.headers
    }
    body = None if request.body is None else request.body.encode("utf-8", "replace")
    return request.method, request.target, headers, body


def _replay_httpx(url: str, exchanges: list[Exchange], token: str) -> None:
    with httpx.Client(base_url=url) as client:
        for exchange in exchanges:
            method, target, headers, body = _sent(exchange, token)
            client.request(method, target, headers=headers, content=body)


def _replay_http_client(url: str, exchanges: list[Exchange], token: str) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    for exchange in exchanges:
        method, target, headers, body = _sent(exchange, token)
        connection.request(method, target, body, headers)
        connection.getresponse().read()
    connection.close()


def _bench_start() -> None:
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(_to_first_request())
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import httpx, jwt"], check=True)
        theirs.append(time.perf_counter() - started)
    kit, imports = statistics.median(ours), statistics.median(theirs)
    say("start to first request (median of 5)", f"{kit * 1000:.0f} ms")
    say("python -c 'import httpx, jwt'", f"{imports * 1000:.0f} ms")
    say("ratio (target: at most 3)", f"{kit / imports:.2f}")


def _to_first_request() -> float:
    """Start the command against a listener of ours, and time its first connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener, TemporaryDirectory() as folder:
        listener.settimeout(30)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        words = [UDCKIT, "certify", url, "--stages", "shape", "--report-dir", folder, "--quiet"]
        started = time.perf_counter()
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as kit:
            connection, _ = listener.accept()
            seconds = time.perf_counter() - started
            connection.close()
            kit.kill()
    return seconds


def say(what: str, figure: str) -> None:
    """Print a line of the table."""
    print(f"{what:<46}{figure:>10}", flush=True)


if __name__ == "__main__":
    main()
