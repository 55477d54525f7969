"""When a fault strikes: each condition of the catalogue, where it holds and where not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hostile import HostileServer, Line, answer

from faults import FaultProxy
from faults.raw import echoing, exchange, fault, request

UNSIGNED = "Authorization: Bearer eyJhbGciOiJub25lIn0.e30."
CLAIMS = "Authorization: Bearer e30.eyJhIjoxfQ.x"
TWO = b'{"from_service": "a", "reply_to": null, "payload": {}}'


@pytest.mark.parametrize(
    ("when", "sent", "is_struck"),
    [
        ({"nth": 1}, request(), True),
        ({"nth": 2}, request(), False),
        ({"since": 2}, request(), False),
        ({"every": 1}, request(), True),
        ({"lacks": "message_type"}, request("POST", body=TWO), True),
        ({"lacks": "payload"}, request("POST", body=TWO), False),
        ({"lacks": "payload"}, request("POST", body=b"[]"), False),
        ({"is_null": "reply_to"}, request("POST", body=TWO), True),
        ({"is_null": "payload"}, request("POST", body=TWO), False),
        ({"has": "payload"}, request("POST", body=TWO), True),
        ({"has": "reply_to"}, request("POST", body=TWO), False),
        ({"members": {"from_service": "a"}}, request("POST", body=TWO), True),
        ({"members": {"from_service": "b"}}, request("POST", body=TWO), False),
        ({"outside": {"from_service": ["b"]}}, request("POST", body=TWO), True),
        ({"outside": {"from_service": ["a"]}}, request("POST", body=TWO), False),
        ({"outside": {"payload": ["a"]}}, request("POST", body=TWO), False),
        ({"text": "reply.to"}, request("POST", body=TWO), True),
        ({"larger": 10}, request("POST", body=TWO), True),
        ({"larger": 1000}, request("POST", body=TWO), False),
        ({"body": "malformed"}, request("POST", body=b"{"), True),
        ({"body": "malformed"}, request("POST", body=TWO), False),
        ({"body": "no object"}, request("POST", body=b"[]"), True),
        ({"body": "empty"}, request("POST"), True),
        ({"body": "object", "lacks": "x"}, request("POST", body=TWO), True),
        ({"body": "object", "lacks": "payload"}, request("POST", body=TWO), False),
        ({"authorization": "absent"}, request(), True),
        ({"authorization": "present"}, request(), False),
        ({"authorization": "present"}, request("GET", "/", "Authorization: x"), True),
        ({"header": {"Accept": "^text"}}, request("GET", "/", "accept: text/x"), True),
        ({"header": {"Accept": "^text"}}, request("GET", "/", "accept: */*"), False),
        ({"target": "\\?"}, request("GET", "/health?a"), True),
        ({"target": "\\?"}, request("GET", "/health"), False),
        ({"status": 200}, request(), True),
        ({"status": ["4xx", 500]}, request(), False),
        ({"alg": "none"}, request("GET", "/", UNSIGNED), True),
        ({"alg": "RS256"}, request("GET", "/", UNSIGNED), False),
        ({"claims": {"a": 1}}, request("GET", "/", CLAIMS), True),
        ({"claims": {"a": 2}}, request("GET", "/", CLAIMS), False),
        ({"concurrent": 1}, request(), True),
        ({"concurrent": 2}, request(), False),
    ],
)
def test_condition_holds_or_not(
    tmp_path: Path, when: dict[str, Any], sent: bytes, is_struck: bool
) -> None:
    def script(line: Line) -> None:
        line.request()
        line.send(answer(b"{}", "Connection: close"))

    with HostileServer(script) as server, FaultProxy(server.url) as proxy:
        proxy.strike(fault(tmp_path, do=[{"header": {"X-Struck": "1"}}], when=when))
        got = exchange(proxy.url, sent)

        assert (b"X-Struck" in got, proxy.struck > 0) == (is_struck, is_struck)


def test_turns_are_counted_from_the_moment_a_fault_is_in_force(tmp_path: Path) -> None:
    second = fault(tmp_path, do=[{"status": 500}], when={"nth": 2})
    with HostileServer(echoing) as server, FaultProxy(server.url) as proxy:
        told = []
        for turn in range(6):
            if turn % 3 == 0:
                proxy.strike(second)
            got = exchange(proxy.url, request("GET", "/", "Connection: close"))
            told.append(got.split()[1])

    assert told == [b"200", b"500", b"200"] * 2
