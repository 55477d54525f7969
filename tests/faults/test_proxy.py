"""The proxy: what no fault strikes goes through byte for byte, and a fault does what it says."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import uvloop
import yaml
from hostile import HostileServer, Line, answer

from faults import FaultProxy, read_faults
from faults.carrying import Link
from faults.raw import echoing, exchange, fault, request
from faults.wire import read_request

BODY: dict[str, Any] = {"status": "healthy", "uptime_seconds": 7, "list": [{"a": "x"}, {"a": "Y"}]}
TOKEN = "T0k"  # noqa: S105 - no token of anybody
RIGHT = answer(json.dumps(BODY).encode(), "X-Kept: Yes", "x-kept: Twice")


# Passing through


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(RIGHT, id="odd case and order"),
        pytest.param(
            b"HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3;x=y\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n",
            id="chunks with extension and trailer",
        ),
        pytest.param(b"HTTP/1.1 204 No Content\r\nX-A:b\r\n\r\n", id="no content"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + RIGHT, id="an early hint"),
        pytest.param(answer(b"x" * 3_000_000), id="three megabytes"),
        pytest.param(b"HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n", id="no reason, no body"),
    ],
)
def test_answer_goes_through_byte_for_byte(content: bytes) -> None:
    def script(line: Line) -> None:
        while line.request():
            line.send(content)

    with HostileServer(script) as server, FaultProxy(server.url) as proxy:
        assert exchange(proxy.url, request(), size=len(content)) == content


def test_answer_without_a_length_goes_through_to_its_end() -> None:
    content = b"HTTP/1.0 200 OK\r\nX-A: b\r\n\r\nuntil the end"

    def script(line: Line) -> None:
        line.request()
        line.send(content)

    with HostileServer(script) as server, FaultProxy(server.url) as proxy:
        assert exchange(proxy.url, request()) == content


def test_answer_to_head_has_no_body() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"

    def script(line: Line) -> None:
        while line.request():
            line.send(head)

    with HostileServer(script) as server, FaultProxy(server.url) as proxy:
        assert exchange(proxy.url, request("HEAD") * 2, size=2 * len(head)) == head * 2


def test_request_goes_through_byte_for_byte() -> None:
    odd = request("POST", "/a%2f/../b?x=%zz", "X-oDD: \xe9 ", "Accept:*/*", "X-A: 1", "X-A: 2")

    with HostileServer(echoing) as server, FaultProxy(server.url) as proxy:
        got = exchange(proxy.url, odd, size=len(answer(odd[:-4], "X-Echo: 1")))

    assert got.endswith(odd[:-4])


def test_connection_is_kept_on_both_sides() -> None:
    with HostileServer(echoing) as server, FaultProxy(server.url) as proxy:
        one = answer(request()[:-4], "X-Echo: 1")
        assert exchange(proxy.url, request() * 3, size=3 * len(one)) == one * 3
        assert server.connections == 1


def closing_at_once(line: Line) -> None:
    line.request()


def test_droplet_that_closes_is_closed_to_the_client_too() -> None:
    with (
        HostileServer(closing_at_once) as server,
        FaultProxy(server.url) as proxy,
    ):
        assert exchange(proxy.url, request()) == b""


def test_kept_link_that_ended_is_replaced() -> None:
    def script(line: Line) -> None:
        if line.request():
            line.send(RIGHT)

    with HostileServer(script) as server, FaultProxy(server.url) as proxy:
        got = exchange(proxy.url, request() * 2, size=2 * len(RIGHT))

        assert got == RIGHT * 2
        assert server.connections == 2


def test_kept_link_that_is_known_to_be_gone_is_replaced_unasked() -> None:
    def script(line: Line) -> None:
        while line.request():
            line.send(RIGHT)

    async def ask_twice(host: str, port: str) -> list[bytes]:
        link = Link(host, int(port))
        answers = []
        for _ in range(2):
            reader = asyncio.StreamReader()
            reader.feed_data(request())
            message = await read_request(reader)
            assert message is not None
            answers.append((await link.ask(message))[1].as_bytes())
            assert link._streams is not None, "the link is kept"
            link._streams[1].transport.abort()
            await asyncio.sleep(0.01)
        return answers

    with HostileServer(script) as server:
        host, _, port = server.url.removeprefix("http://").partition(":")

        assert uvloop.run(ask_twice(host, port)) == [RIGHT, RIGHT]


# Striking


@pytest.fixture
def struck(tmp_path: Path) -> Callable[..., tuple[int, dict[str, str], bytes]]:
    """Give what comes back under a fault: status, headers, body."""

    def run(
        do: list[Any], *sent: bytes, script: Callable[[Line], None] | None = None, **row: Any
    ) -> tuple[int, dict[str, str], bytes]:
        def right(line: Line) -> None:
            while line.request():
                line.send(RIGHT)

        with HostileServer(script or right) as server, FaultProxy(server.url, token=TOKEN) as proxy:
            proxy.strike(fault(tmp_path, do=do, **row))
            got = b""
            for each in sent or (request("GET", "/health", "Connection: close"),):
                got = exchange(proxy.url, each)
        head, _, body = got.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        pairs = (line.split(": ", 1) for line in lines[1:])
        return int(lines[0].split()[1]), dict(pairs), body

    return run


def changed(**members: Any) -> dict[str, Any]:
    return {**BODY, **members}


Run = Callable[..., tuple[int, dict[str, str], bytes]]
WITHOUT = {key: value for key, value in BODY.items() if key != "status"}


@pytest.mark.parametrize(
    ("do", "body"),
    [
        ([{"set": {"status": "ok", "new.deep": 1}}], changed(status="ok", new={"deep": 1})),
        ([{"set": {"list.*.a": 3}}], changed(list=[{"a": 3}, {"a": 3}])),
        ([{"set": {"list.1.a": 3}}], changed(list=[{"a": "x"}, {"a": 3}])),
        ([{"set": {"list.+": 3}}], changed(list=[*BODY["list"], 3])),
        ([{"delete": "status"}], WITHOUT),
        ([{"delete": ["status", "list.0"]}], {**WITHOUT, "list": [{"a": "Y"}]}),
        ([{"rename": {"status": "state"}}], {"state": "healthy", **WITHOUT}),
        ([{"wrap": {"data": "$body", "ok": True}}], {"data": BODY, "ok": True}),
        ([{"sub": {"at": "status", "find": "h(.*)y", "put": "\\1"}}], changed(status="ealth")),
        ([{"sub": {"find": '"x"', "put": '"z"'}}], changed(list=[{"a": "z"}, {"a": "Y"}])),
        ([{"turn": {"at": "uptime_seconds", "into": "string"}}], changed(uptime_seconds="7")),
        ([{"turn": {"at": "list.*.a", "into": "lower"}}], changed(list=[{"a": "x"}, {"a": "y"}])),
        ([{"turn": {"at": "missing", "into": "upper"}}], BODY),
        ([{"falling": {"at": "uptime_seconds", "start": 90}}], changed(uptime_seconds=89)),
        ([{"cycle": {"at": "status", "values": ["a", "b"]}}], changed(status="a")),
        ([{"json": [1, None]}], [1, None]),
        ([{"text": "{turn}"}], 1),
        ([{"before": " "}, {"after": " "}], BODY),
        ([{"quoted": True}], json.dumps(BODY)),
        ([{"bytes": base64.b64encode(b"[]").decode()}], []),
        ([{"answer": {"json": {"n": "{turn}"}}}], {"n": "1"}),
    ],
)
def test_verb_changes_a_json_body(struck: Run, do: list[Any], body: Any) -> None:
    status, headers, content = struck(do)

    assert (status, json.loads(content)) == (200, body)
    assert headers["Content-Length"] == str(len(content))


def test_verb_writes_a_literal_that_is_no_json(struck: Run) -> None:
    _, _, body = struck([{"literal": {"at": "uptime_seconds", "as": "NaN"}}])

    assert b'"uptime_seconds":NaN' in body


def test_verb_cuts_the_body_and_says_its_length(struck: Run) -> None:
    _, headers, body = struck([{"truncate": 9}])

    assert (headers["Content-Length"], body) == ("9", b'{"status"')


def test_verb_cuts_the_connection_and_says_nothing(struck: Run) -> None:
    _, headers, body = struck([{"cut": 9}])

    assert (int(headers["Content-Length"]) > 9, body) == (True, b'{"status"')


def test_verb_changes_status_headers_and_media_type(struck: Run) -> None:
    status, headers, _ = struck(
        [{"status": 202}, {"media_type": "text/plain"}, {"header": {"X-Kept": None, "X-New": "1"}}]
    )

    assert (status, headers["Content-Type"]) == (202, "text/plain")
    assert "X-Kept" not in headers
    assert headers["X-New"] == "1"


def test_verb_answers_in_the_droplets_place(struck: Run) -> None:
    asked: list[bytes] = []

    status, _, body = struck(
        [{"answer": {"status": 503, "text": "no", "headers": {"Location": "/"}}}],
        script=lambda line: asked.append(line.request()),
    )

    assert (status, body, asked) == (503, b"no", [])


def test_verb_asks_for_something_else(struck: Run) -> None:
    _, _, body = struck(
        [
            {"ask": {"method": "GET", "sub": {"find": "^/api", "put": ""}}},
            {"request_header": {"X-Gone": None}},
            {"authorize": True},
        ],
        request("PUT", "/api/state?a=1", "X-Gone: 1", "Connection: close"),
        script=echoing,
    )

    assert body.startswith(b"GET /state?a=1 HTTP/1.1")
    assert b"Authorization: Bearer T0k" in body
    assert b"X-Gone" not in body


def test_verb_changes_the_message_on_its_way(struck: Run) -> None:
    heard: list[bytes] = []

    def script(line: Line) -> None:
        heard.append(line.request())
        heard.append(line.rest())
        line.send(answer(b"{}", "Connection: close"))

    struck(
        [{"request_set": {"payload": {}}}, {"request_delete": "reply_to"}],
        request("POST", "/message", "Connection: close", body=b'{"reply_to": "x"}'),
        script=script,
    )

    assert json.loads(heard[1]) == {"payload": {}}


def test_verb_freezes_the_first_answer(struck: Run) -> None:
    turns = iter(range(1, 9))

    def script(line: Line) -> None:
        while line.request():
            line.send(answer(b'{"n": %d, "m": %d}' % (turn := next(turns), turn)))

    closing_one = request("GET", "/health", "Connection: close")

    assert json.loads(struck([{"freeze": True}], *[closing_one] * 3, script=script)[2])["n"] == 1
    assert json.loads(struck([{"freeze": "n"}], *[closing_one] * 2, script=script)[2]) == {
        "n": 4,
        "m": 5,
    }


@pytest.mark.parametrize("do", [{"delay": 0.1}, {"late_body": 0.1}])
def test_verb_makes_the_answer_late(struck: Run, do: dict[str, float]) -> None:
    begun = time.monotonic()

    assert struck([do])[0] == 200
    assert time.monotonic() - begun >= 0.1


def test_verb_closes_without_an_answer(tmp_path: Path) -> None:
    with HostileServer(echoing) as server, FaultProxy(server.url) as proxy:
        proxy.strike(fault(tmp_path, do=[{"close": True}]))

        assert exchange(proxy.url, request()) == b""


def test_verb_hangs_until_the_fault_is_lifted(tmp_path: Path) -> None:
    with HostileServer(echoing) as server, FaultProxy(server.url) as proxy:
        proxy.strike(fault(tmp_path, do=[{"hang": True}]))
        with pytest.raises(TimeoutError):
            _impatient(proxy.url)

        proxy.strike(None)
        assert exchange(proxy.url, request("GET", "/", "Connection: close"))


def _impatient(url: str) -> None:
    host, port = url.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), timeout=0.1)) as sock:
        sock.sendall(request())
        sock.recv(1)


def test_verb_remembers_paths_for_the_page_of_metrics(tmp_path: Path) -> None:
    row = {
        "where": None,
        "strikes": [
            {"where": "GET /x*", "do": [{"note": True}]},
            {"where": "GET /metrics", "do": [{"after_each": "{path};"}]},
        ],
    }
    del row["where"]
    with HostileServer(echoing) as server, FaultProxy(server.url) as proxy:
        path = tmp_path / "faults.yaml"
        path.write_text(yaml.safe_dump([{"id": "x", "story": "s", "kills": ["A"], **row}]))
        proxy.strike(read_faults(path)[0])
        for target in ("/x1", "/x2", "/x1", "/metrics"):
            got = exchange(proxy.url, request("GET", target, "Connection: close"))

    assert got.endswith(b"/x1;/x2;")
