"""How each fault is done to a request: before it is answered, to the answer, on the wire."""

import asyncio
import json
import random
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from udckit.fakes._armed import Strike
from udckit.fakes._http import Answer, Refusal, Request
from udckit.fakes._protocol_names import TRANSPORT
from udckit.fakes.faults import Fault

if TYPE_CHECKING:
    from udckit.fakes._exchange import Exchange

__all__ = ["strike"]

_RST = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no time at all
_WORDS = ("x_trace", "note", "links", "_meta", "étage", "a.b", "__proto__", "")
_VALUES: tuple[Any, ...] = (None, True, 7, 1.5e-9, "", "text", [], {}, [{"deep": [None]}], {"": ""})
_ODD_HEADERS = (
    (b"x-odd", b'a="b,c"; d'),
    (b"x-empty", b""),
    (b"vary", b"accept"),
    (b"vary", b"accept-encoding"),
    (b"set-cookie", b"udckit=1; Path=/; HttpOnly"),
    (b"x-long", b"z" * 3000),
    (b"x-latin", "später".encode("latin-1")),
    (b"server-timing", b"a;dur=1, b"),
)
_ODD_TYPES = (b"application/json;charset=UTF-8", b'Application/JSON ; charset="utf-8"; profile="x"')


async def strike(
    fake: "Exchange",
    hit: Strike,
    scope: Mapping[str, Any],
    request: Request,
    receive: Any,
    send: Any,
) -> None:
    """Answer one request under a fault, and write it down."""
    fault = request.fault = hit.fault
    if fault.kind in {"reset", "hang"}:
        await _unanswered(fake, fault, scope, request, receive)
        return
    answer = await _answered(fake, fault, request, receive)
    if fault.kind in _ALTERED:
        answer = _ALTERED[fault.kind](fault, answer, hit.number)
    number = fake.note(request, answer)
    if fault.kind == "delay" and not await _outwaited(fake, request.time + fault["by"], receive):
        fake.journal.amend(number, answered=None, released=fake.clock.now())
        return
    await _sent(fake, fault, request, answer, send)
    if fault.kind == "truncated_body":
        _close(scope)
        await _gone(receive)


async def _answered(fake: "Exchange", fault: Fault, request: Request, receive: Any) -> Answer:
    if fault.kind == "clock_skew":
        request.time += fault["by"]
        answer = await fake.answer(request, receive)
        request.time -= fault["by"]
        return answer
    if fault.kind == "rotated_key":
        fake.rotate_key()  # type: ignore[attr-defined]  # only a Registry is given this fault
    if fault.kind not in _INSTEAD:
        return await fake.answer(request, receive)
    await fake.examine(request, receive)
    return _INSTEAD[fault.kind](fault)


async def _unanswered(
    fake: "Exchange", fault: Fault, scope: Mapping[str, Any], request: Request, receive: Any
) -> None:
    await fake.examine(request, receive)
    number = fake.note(request, None)
    if fault.kind == "reset":
        _reset(scope)
        await _gone(receive)
        return
    with fake.clock.holding():
        await _gone(receive)
    fake.journal.amend(number, released=fake.clock.now())


async def _gone(receive: Any) -> None:
    """Return when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _outwaited(fake: "Exchange", moment: float, receive: Any) -> bool:
    """Whether the client was still there when the moment had come."""
    with fake.clock.holding():
        over = asyncio.ensure_future(fake.clock.asleep_until(moment))
        left = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait((over, left), return_when=asyncio.FIRST_COMPLETED)
            return over.done()
        finally:
            over.cancel()
            left.cancel()
            await asyncio.gather(over, left, return_exceptions=True)


async def _sent(
    fake: "Exchange",
    fault: Fault,
    request: Request,
    answer: Answer,
    send: Any,
) -> None:
    skew = fault["by"] if fault.kind == "clock_skew" else 0.0
    moment = request.time + skew
    body = answer.body
    if fault.kind == "truncated_body":
        await send(fake.head(answer, moment))
        await send(_chunk(body[: len(body) // 2], more=True))
    elif fault.kind == "slow_drip":
        await send(fake.head(answer, moment))
        with fake.clock.holding():
            for index in range(len(body)):
                await send(_chunk(body[index : index + 1], more=True))
                await fake.clock.asleep(fault["every"])
        await send(_chunk(b"", more=False))
    elif fault.kind == "hostile_but_legal":
        await send(fake.head(answer, moment, chunked=True))
        for piece in _pieces(body, random.Random(fault["seed"])):  # noqa: S311 - no secret in it
            await send(_chunk(piece, more=True))
        await send(_chunk(b"", more=False))
    else:
        await send(fake.head(answer, moment))
        await send(_chunk(body, more=False))


def _chunk(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


def _reset(scope: Mapping[str, Any]) -> None:
    transport = scope.get(TRANSPORT)
    if transport is None:
        raise ConnectionResetError("the fault reset, where there is no connection")
    raw = transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
    transport.abort()


def _close(scope: Mapping[str, Any]) -> None:
    transport = scope.get(TRANSPORT)
    if transport is None:
        raise ConnectionResetError("the fault truncated_body, where there is no connection")
    transport.close()


# What is answered instead of doing what was asked


def _status(fault: Fault) -> Answer:
    return Refusal(fault["status"], "TOLD_TO_FAIL", "This fake was told to answer so.").answer()


def _redirect(fault: Fault) -> Answer:
    location = ((b"location", fault["to"].encode()),)
    return Answer(fault["status"], {"moved_to": fault["to"]}, location)


def _too_many(fault: Fault) -> Answer:
    after = ((b"retry-after", b"%d" % fault["retry_after"]),)
    return Refusal(429, "TOO_MANY_REQUESTS", "Ask again later.", headers=after).answer()


def _garbage(fault: Fault) -> Answer:
    return Answer(fault["status"], {"lorem": ["ipsum", 7, None], "token": 7, "service_id": "x"})


def _page(fault: Fault) -> Answer:
    page = b"<!doctype html><title>Back soon</title><p>This page is no answer.</p>"
    return Answer(fault["status"], raw=page, media_type=b"text/html; charset=utf-8")


def _empty(fault: Fault) -> Answer:
    return Answer(fault["status"], {})


_INSTEAD: Mapping[str, Callable[[Fault], Answer]] = {
    "status": _status,
    "redirect": _redirect,
    "too_many_requests": _too_many,
    "garbage": _garbage,
    "page": _page,
    "empty_object": _empty,
}


# What is done to the right answer


def _malformed(_: Fault, answer: Answer, __: int) -> Answer:
    return replace(answer, raw=answer.body[:-1] + b",")


def _other_type(fault: Fault, answer: Answer, _: int) -> Answer:
    return replace(answer, media_type=fault["media_type"].encode("latin-1", "replace"))


def _without_token(_: Fault, answer: Answer, __: int) -> Answer:
    value = {name: member for name, member in answer.value.items() if name != "token"}
    return replace(answer, value=value, raw=None)


def _with_extras(_: Fault, answer: Answer, __: int) -> Answer:
    extras = {"x_udckit_extra": {"of": ["any", "shape"]}, "x_udckit_null": None}
    return replace(answer, value=_extended(answer.value, extras), raw=None)


def _hostile(fault: Fault, answer: Answer, number: int) -> Answer:
    chance = random.Random(fault["seed"] * 1_000_003 + number)  # noqa: S311 - no secret in it
    value = _shuffled(answer.value, chance)
    text = json.dumps(value, indent=chance.choice((None, 1, "\t")), separators=(" ,", " : "))
    headers = chance.sample(_ODD_HEADERS, 4)
    body = b" \r\n" + _escaped(text, chance).encode() + b"\n\t "
    return replace(
        answer,
        value=value,
        raw=body,
        media_type=chance.choice(_ODD_TYPES),
        headers=(*answer.headers, *headers),
    )


_ALTERED: Mapping[str, Callable[[Fault, Answer, int], Answer]] = {
    "malformed_json": _malformed,
    "wrong_media_type": _other_type,
    "missing_token": _without_token,
    "extra_members": _with_extras,
    "hostile_but_legal": _hostile,
}


def _extended(value: Any, extras: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_extended(item, extras) for item in value]
    if isinstance(value, dict):
        return {**{name: _extended(item, extras) for name, item in value.items()}, **extras}
    return value


def _shuffled(value: Any, chance: random.Random) -> Any:
    """The same members in another order, with strangers among them."""
    if isinstance(value, list):
        return [_shuffled(item, chance) for item in value]
    if not isinstance(value, dict):
        return value
    strangers = {word: chance.choice(_VALUES) for word in chance.sample(_WORDS, 3)}
    members = [*strangers.items(), *((name, _shuffled(value[name], chance)) for name in value)]
    chance.shuffle(members)
    return dict(members)


def _escaped(text: str, chance: random.Random) -> str:
    """Some letters inside strings as escapes, which mean the same."""
    out, quoted, skip = [], False, 0
    for index, letter in enumerate(text):
        if skip:
            skip -= 1
        elif letter == "\\":
            skip = 5 if text[index + 1] == "u" else 1
        elif letter == '"':
            quoted = not quoted
        elif quoted and letter.isalpha() and chance.random() < 0.2:  # noqa: PLR2004 - every fifth
            out.append(f"\\u{ord(letter):04x}")
            continue
        out.append(letter)
    return "".join(out)


def _pieces(body: bytes, chance: random.Random) -> list[bytes]:
    pieces, at = [], 0
    while at < len(body):
        size = chance.choice((1, 2, 7, 64, 1024))
        pieces.append(body[at : at + size])
        at += size
    return pieces
