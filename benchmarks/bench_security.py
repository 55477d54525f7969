"""What a stage 2 run costs, as ratios within one run: machines differ, ratios hold.

- Requests of `certify --stages security` on a warm local droplet: at most 800.
- CPU of the run (imports aside) over replaying the same requests with one kept `httpx.Client`: at
  most 3; and over `http.client` beside it. The run forges its tokens; the replay sends the valid
  one in their place, which costs a client the same.

Fakes and droplet run as processes of their own, so that only the kit's own CPU is counted.
"""

import base64
import http.client
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import httpx
from bench_certify import (  # type: ignore[import-not-found]  # a script beside this one, on its path
    droplet_beside_fakes,
    minted,
    say,
)

from udckit.conformance import Exchange, Options, certify
from udckit.conformance.redaction import PLACEHOLDER

ROUNDS = 5
OF_THE_CLIENT = frozenset({"content-length", "host", "connection", "transfer-encoding"})
ABRIDGED = re.compile(r"\((\d+) bytes in all\)$")


class Sent(NamedTuple):
    """One request as it goes out again."""

    method: str
    target: str
    headers: list[tuple[str, bytes]]
    body: bytes | None


def main() -> None:
    """Measure, and print one table."""
    with droplet_beside_fakes() as (url, folder):
        _bench(url, folder)


def _bench(url: str, folder: Path) -> None:
    options = Options(url=url, stages=("security",), report_dir=folder)
    record = certify(options)  # warm: imports, validators, the droplet itself
    token = minted()
    exchanges = sorted(record.exchanges.values(), key=lambda each: each.number)
    requests = [_sent(each, token) for each in exchanges]
    ours, over_httpx, over_http_client = [], [], []
    for _ in range(ROUNDS):
        ours.append(_cpu(lambda: certify(options)))
        over_httpx.append(_cpu(lambda: _replay_httpx(url, requests)))
        over_http_client.append(_cpu(lambda: _replay_http_client(url, requests)))
    kit, client, plain = map(statistics.median, (ours, over_httpx, over_http_client))
    footer = record.footer or {}
    say("stage security came to", str(footer["stages"]["security"]))
    say("requests of a stage 2 run (at most 800)", str(footer["requests_sent"]))
    say("CPU of the run (median of 5)", f"{kit * 1000:.0f} ms")
    say("CPU of the same requests, one httpx.Client", f"{client * 1000:.0f} ms")
    say("CPU of the same requests, http.client", f"{plain * 1000:.0f} ms")
    say("ratio to httpx (target: at most 3)", f"{kit / client:.2f}")
    say("ratio to http.client", f"{kit / plain:.2f}")


def _cpu(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def _sent(exchange: Exchange, token: str) -> Sent:
    """Rebuild what was sent; the record holds a token's facts, so the valid one stands in."""
    request = exchange.request
    headers = [
        (name, PLACEHOLDER.sub(token, value).encode("utf-8"))
        for name, value in request.headers
        if name.lower() not in OF_THE_CLIENT
    ]
    return Sent(request.method, PLACEHOLDER.sub(token, request.target), headers, _body(exchange))


def _body(exchange: Exchange) -> bytes | None:
    text, encoding = exchange.request.body, exchange.request.encoding
    if text is None:
        return None
    if encoding == "base64":
        return base64.b64decode(text)
    if encoding == "abridged" and (found := ABRIDGED.search(text)):
        return b"u" * int(found.group(1))
    return text.encode("utf-8", "surrogatepass")


def _replay_httpx(url: str, requests: list[Sent]) -> None:
    with httpx.Client(base_url=url) as client:
        for each in requests:
            headers = [(name.encode(), value) for name, value in each.headers]
            client.request(each.method, each.target, headers=headers, content=each.body)


def _replay_http_client(url: str, requests: list[Sent]) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    for each in requests:
        connection.putrequest(each.method, each.target, skip_accept_encoding=True)
        for name, value in each.headers:
            connection.putheader(name, value)
        if each.body is not None:
            connection.putheader("Content-Length", str(len(each.body)))
        connection.endheaders(each.body)
        connection.getresponse().read()
    connection.close()


if __name__ == "__main__":
    main()
