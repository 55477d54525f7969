"""The live source against hostile servers, and at the pace that is allowed."""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from hostile import HostileServer, Line, answer

from udckit.conformance import (
    Engine,
    Exchange,
    LiveSource,
    Outcomes,
    Recorder,
    Redactor,
    Settings,
    TokenShelf,
    dump,
    rejudge,
)
from udckit.conformance._wire import Outgoing
from udckit.fakes import SigningKey

TOKEN = SigningKey.generate("of these tests").sign(
    {"service_id": 1, "service_name": "udckit-probe", "exp": 4_000_000_000}
)
HEALTH = json.dumps(
    {"status": "healthy", "timestamp": "x", "uptime_seconds": 1, "version": "1.0.0"}
).encode()


class Slow:
    """A clock that moves only where somebody sleeps; what was slept is kept."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> float:
        return 1_000.0 + sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Asking:
    """A live source for a server that follows a script."""

    def __init__(self, url: str, **settings: object) -> None:
        self.clock = Slow()
        self.recorder = Recorder()
        self.settings = Settings.from_json({**Settings(target=url).as_json(), **settings})
        self.source = LiveSource(
            self.settings,
            self.recorder,
            Redactor(secrets=("s3cr3t-header",)),
            now=self.clock.now,
            sleep=self.clock.sleep,
            measures={"floor": lambda: 0.001},
        )

    @property
    def exchanges(self) -> list[Exchange]:
        """What was written down, read back."""
        lines = (json.loads(dump(line)) for line in self.recorder.lines)
        return [Exchange.from_json(line) for line in lines if line["kind"] == "exchange"]

    def run(self) -> Outcomes:
        shelf = TokenShelf(valid=TOKEN)
        return Engine(self.settings, self.source, shelf, self.recorder).run()


@pytest.fixture
def asking() -> Iterator[Callable[..., Asking]]:
    with ExitStack() as stack:

        def start(script: Callable[[Line], None], **settings: object) -> Asking:
            server = stack.enter_context(HostileServer(script))
            made = Asking(server.url, **settings)
            stack.callback(made.source.close)
            return made

        yield start


def always(content: bytes) -> Callable[[Line], None]:
    def script(line: Line) -> None:
        while line.request():
            line.send(content)

    return script


def once(content: bytes) -> Callable[[Line], None]:
    def script(line: Line) -> None:
        if line.request():
            line.send(content)

    return script


def pouring(head: bytes, part: bytes) -> Callable[[Line], None]:
    def script(line: Line) -> None:
        if line.request():
            line.send(head)
            line.pour(part)

    return script


def hanging(line: Line) -> None:
    line.request()
    line.hang()


def dripping(line: Line) -> None:
    line.request()
    line.drip(answer(b" " * 500), 1.0)


def drip_in_the_body(line: Line) -> None:
    line.request()
    line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
    line.drip(b" " * 500, 1.0)


def redirecting(line: Line) -> None:
    for turn in itertools.count():
        if not line.request():
            return
        line.send(answer(b"", f"Location: /{turn % 30}", status="302 Found"))


HOSTILE = [
    pytest.param(always(answer(b"<html>hello</html>", media="text/html")), id="HTML"),
    pytest.param(always(answer(b"\xff\xfe{}")), id="invalid UTF-8"),
    pytest.param(always(answer(HEALTH.replace(b": 1", b": NaN"))), id="NaN"),
    pytest.param(always(answer(b"[" * 100_000)), id="a hundred thousand brackets"),
    pytest.param(always(answer(b"9" * 100_000)), id="a number of 100,000 digits"),
    pytest.param(always(answer(b"")), id="nothing in it"),
    pytest.param(always(answer(b"null")), id="null"),
    pytest.param(always(answer(b'"\\ud800"')), id="a lone surrogate"),
    pytest.param(always(answer(b'{"status": "\\ud800", "\\ud800": 1}')), id="surrogates inside"),
    pytest.param(always(answer(b"{}", status="999 Odd")), id="status 999"),
    pytest.param(always(answer(b"{}", status="200 " + "x" * 5000)), id="a long reason"),
    pytest.param(always(answer(b"{}", "X: " + "y" * 60_000)), id="a header of 60 KB"),
    pytest.param(
        always(answer(gzip.compress(b"\0" * 20_000_000), "Content-Encoding: gzip")),
        id="gzip bombs",
    ),
    pytest.param(redirecting, id="redirects without end"),
    pytest.param(once(b"garbage\r\n\r\n"), id="garbage"),
    pytest.param(once(b""), id="closes at once"),
    pytest.param(once(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"), id="cut short"),
    pytest.param(lambda line: line.reset(), id="resets before it reads"),
    pytest.param(
        pouring(b"HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n", b"x" * 65536),
        id="50 MB each time",
    ),
    pytest.param(
        once(
            b"HTTP/1.1 200 OK\r\n"
            + b"".join(b"X-%d: y\r\n" % number for number in range(100_000))
            + b"\r\n{}"
        ),
        id="100,000 headers",
    ),
]


@pytest.mark.parametrize("script", HOSTILE)
def test_hostile_server_neither_fools_nor_breaks_the_run(
    asking: Callable[..., Asking], script: Callable[[Line], None]
) -> None:
    """Whatever comes: no certificate, no fault of the kit's own, and the same when judged again."""
    made = asking(script, max_time=5.0)

    outcomes = made.run()

    verdicts = outcomes.verdicts
    assert outcomes.stages[0].word in {"failed", "incomplete"}
    assert [each.message for each in verdicts.values() if each.verdict == "error"] == []
    assert outcomes.exit_code in {1, 5}
    again = rejudge(made.recorder.record())
    assert {name: dump(each.as_json()) for name, each in again.items()} == {
        name: dump(each.as_json()) for name, each in verdicts.items()
    }


@pytest.mark.parametrize("script", [hanging, dripping, drip_in_the_body])
def test_server_that_never_answers_does_not_hold_the_run(
    asking: Callable[..., Asking], script: Callable[[Line], None]
) -> None:
    """The whole run is bounded, not only each exchange; most of it is then not asked."""
    made = asking(script, max_time=3.0)
    begun = time.monotonic()

    outcomes = made.run()

    assert time.monotonic() - begun < 6.0
    assert outcomes.stages[0].word in {"failed", "incomplete"}
    assert outcomes.requests_sent < 20
    assert [each.id for each in outcomes.verdicts.values() if each.verdict == "error"] == []


def test_answer_after_the_runs_time_is_never_asked_for(asking: Callable[..., Asking]) -> None:
    made = asking(always(answer(HEALTH)), max_time=0.0)

    exchange = made.source.ask(Outgoing("GET", "/health"))

    assert (exchange.trouble, made.source.sent) == ("unsent", 0)
    assert "--max-time" in exchange.detail


# What is written down


def test_exchange_that_is_asked_is_written_down(asking: Callable[..., Asking]) -> None:
    made = asking(always(answer(HEALTH)))

    exchange = made.source.ask(Outgoing("GET", "/health"))

    assert made.exchanges == [exchange]


def test_shared_reading_is_asked_for_once(asking: Callable[..., Asking]) -> None:
    made = asking(always(answer(HEALTH)))

    both = [made.source.ask(Outgoing("GET", "/health"), shared="/health") for _ in range(2)]

    assert both[0] is both[1]
    assert (made.source.sent, made.source.asked) == (1, [1, 1])


def test_each_check_is_told_what_it_asked_itself(asking: Callable[..., Asking]) -> None:
    made = asking(always(answer(HEALTH)))
    made.source.ask(Outgoing("GET", "/health"))

    made.source.begin("UDC-HEALTH-002")
    made.source.ask(Outgoing("GET", "/state"))

    assert made.source.asked == [2]


def test_bytes_are_written_down_as_base64(asking: Callable[..., Asking]) -> None:
    made = asking(always(answer(b"a\xff")))

    found = made.source.ask(Outgoing("GET", "/health")).answer

    assert found is not None
    assert (found.encoding, base64.b64decode(found.body)) == ("base64", b"a\xff")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(answer(b'{"token": "%b"}' % TOKEN.encode()), id="in the body"),
        pytest.param(answer(b"{}", f"Set-Cookie: t={TOKEN}"), id="in a header"),
        pytest.param(answer(b"\xff" + TOKEN.encode()), id="among bytes"),
        pytest.param(answer(b"<b>%b</b>" % TOKEN.encode(), media="text/html"), id="in HTML"),
    ],
)
def test_token_that_is_answered_is_not_written_down(
    asking: Callable[..., Asking], content: bytes
) -> None:
    made = asking(always(content))

    made.source.ask(Outgoing("GET", "/health"))

    text = "\n".join(map(dump, made.recorder.lines))
    found = made.exchanges[0].answer
    assert found is not None
    assert TOKEN.split(".")[2] not in text
    assert found.encoding == "text" or TOKEN.encode() not in base64.b64decode(found.body)


@pytest.mark.parametrize(
    "outgoing",
    [
        Outgoing("GET", "/x", (("Authorization", f"Bearer {TOKEN}"),)),
        Outgoing("GET", f"/x?token={TOKEN}"),
        Outgoing("POST", "/x", (), json.dumps({"t": TOKEN}).encode()),
        Outgoing("POST", "/x", (), json.dumps({"t": TOKEN, "x": "y" * 100_000}).encode()),
        Outgoing("GET", "/x", (("X-Key", "s3cr3t-header"),)),
        Outgoing("GET", "/x", (("X-Odd", f"gr\xfcn {TOKEN}".encode("latin-1")),)),
    ],
)
def test_token_that_is_sent_is_not_written_down(
    asking: Callable[..., Asking], outgoing: Outgoing
) -> None:
    made = asking(always(answer(HEALTH)))

    made.source.ask(outgoing)

    text = "\n".join(map(dump, made.recorder.lines))
    assert TOKEN[:100] not in text
    assert "s3cr3t-header" not in text


def test_large_body_that_is_sent_is_abridged(asking: Callable[..., Asking]) -> None:
    made = asking(always(answer(HEALTH)))

    made.source.ask(Outgoing("POST", "/x", (), b"x" * 100_000))

    request = made.exchanges[0].request
    assert request.encoding == "abridged"
    assert "(100000 bytes in all)" in (request.body or "")


# The pace


def test_rate_is_kept(asking: Callable[..., Asking]) -> None:
    made = asking(always(answer(HEALTH)))
    made.source = LiveSource(
        Settings(target=made.settings.target, rate=4.0),
        made.recorder,
        Redactor(),
        now=made.clock.now,
        sleep=made.clock.sleep,
    )
    try:
        for _ in range(3):
            made.source.ask(Outgoing("GET", "/health"))
    finally:
        made.source.close()

    assert len(made.clock.slept) == 2
    assert all(0.0 < each <= 0.5 for each in made.clock.slept)


@pytest.mark.parametrize(
    ("header", "waits"),
    [("Retry-After: 7", [7.0]), ("X: y", [1.0]), ("Retry-After: 0", [0.1])],
)
def test_rate_limit_is_waited_out(
    asking: Callable[..., Asking], header: str, waits: list[float]
) -> None:
    def script(line: Line) -> None:
        for turn in itertools.count(1):
            if not line.request():
                return
            first = answer(b"{}", header, status="429 Too Many Requests")
            line.send(first if turn == 1 else answer(HEALTH))

    made = asking(script)

    exchange = made.source.ask(Outgoing("GET", "/health"))

    assert exchange.answer is not None
    assert exchange.answer.status == 200
    assert made.clock.slept == waits


def test_rate_limit_that_stays_is_waited_for_a_minute_and_no_more(
    asking: Callable[..., Asking],
) -> None:
    made = asking(always(answer(b"{}", status="429 Too Many Requests")))

    exchange = made.source.ask(Outgoing("GET", "/health"))

    assert exchange.answer is not None
    assert exchange.answer.status == 429
    assert made.clock.slept == [1.0, 2.0, 4.0, 8.0, 16.0, 29.0]


def test_requests_that_are_sent_together_come_back_in_their_order(
    asking: Callable[..., Asking],
) -> None:
    def script(line: Line) -> None:
        while head := line.request():
            line.send(answer(b'"%b"' % head.split(b" ")[1]))

    made = asking(script)
    paths = [f"/{number}" for number in range(30)]

    seen = made.source.ask_together([Outgoing("GET", path) for path in paths])

    assert [each.answer and each.answer.body for each in seen] == [f'"{path}"' for path in paths]
    assert [each.number for each in seen] == list(range(1, 31))


def test_figure_of_the_machine_is_measured_once(asking: Callable[..., Asking]) -> None:
    made = asking(always(answer(HEALTH)))

    assert made.source.measure("floor") == made.source.measure("floor") == 0.001
    assert [line["kind"] for line in made.recorder.lines] == ["measure"]
