"""What a fault does to an exchange: one verb, one small function over request and answer."""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from faults.calling import CALL, call, fetch, log
from faults.conditions import as_json
from faults.minting import MINT, SERVE, mint, serve_key
from faults.places import delete, places, put, rename
from faults.verifying import Trust, Verifier
from faults.wire import Message
from udckit.conformance.heard import Line

__all__ = ["VERBS", "Struck", "Verb"]

Stage = Literal["request", "answer"]


@dataclass(slots=True)
class Struck:
    """One exchange while it is struck. `memory` is the strike's own,
    `noted` the fault's."""

    request: Message
    token: str | None = None
    trust: Trust | None = None
    turn: int = 0
    memory: dict[str, Any] = field(default_factory=dict)
    noted: list[str] = field(default_factory=list)
    logged: list[Line] = field(default_factory=list)
    answer: Message | None = None
    wait: float = 0.0
    body_wait: float = 0.0
    hang: bool = False
    close: bool = False
    cut: int | None = None

    @property
    def trusted(self) -> Trust:
        """What the droplet knows of its Registry, which the proxy was told."""
        if self.trust is None:
            raise RuntimeError("this verb needs a proxy that knows the Registry's key")
        return self.trust

    @property
    def answered(self) -> Message:
        """The answer, which is there in the second half of an exchange."""
        if self.answer is None:
            raise RuntimeError("this verb needs an answer, and there is none yet")
        return self.answer


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb of the catalogue: on which half it works, and what may be written after it."""

    stage: Stage
    takes: type | tuple[type, ...]
    run: Callable[[Struck, Any], None]
    keys: frozenset[str] = frozenset()


def _edit(message: Message, change: Callable[[Any], Any]) -> None:
    """Change a JSON body; a body that is none stays as it is."""
    value = as_json(message.body)
    if isinstance(value, dict | list):
        changed = change(value)
        message.set_body(_dump(value if changed is None else changed))


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _many(paths: str | Iterable[str]) -> list[str]:
    return [paths] if isinstance(paths, str) else list(paths)


def _filled(value: Any, struck: Struck) -> Any:
    """Fill {second}, {turn} and {uuid} into text."""
    if isinstance(value, str):
        now = {"{second}": str(int(time.time())), "{turn}": str(struck.turn)}
        for mark, text in {**now, "{uuid}": uuid.uuid4().hex}.items():
            value = value.replace(mark, text)
        return value
    if isinstance(value, dict):
        return {key: _filled(each, struck) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, struck) for each in value]
    return value


def _set(message: Message, members: Mapping[str, Any], struck: Struck) -> None:
    def change(value: Any) -> None:
        for path, new in members.items():
            put(value, path, _filled(new, struck))

    _edit(message, change)


def _delete(message: Message, paths: str | list[str]) -> None:
    def change(value: Any) -> None:
        for path in _many(paths):
            delete(value, path)

    _edit(message, change)


def _headers(message: Message, headers: Mapping[str, str | None], origin: str = "") -> None:
    for name, value in headers.items():
        message.set_header(name, value and value.replace("{origin}", origin))


def _header(struck: Struck, headers: Mapping[str, str | None]) -> None:
    """Set headers of the answer; `{origin}` is the one that asks."""
    _headers(struck.answered, headers, struck.request.header("origin") or "")


def _rename(struck: Struck, names: Mapping[str, str]) -> None:
    def change(value: Any) -> None:
        for path, name in names.items():
            rename(value, path, name)

    _edit(struck.answered, change)


def _wrap(struck: Struck, template: Any) -> None:
    """Put the body where the template says `$body`."""

    def fill(part: Any, body: Any) -> Any:
        if part == "$body":
            return body
        if isinstance(part, dict):
            return {key: fill(each, body) for key, each in part.items()}
        return part

    _edit(struck.answered, lambda body: fill(template, body))


def _sub(struck: Struck, how: Mapping[str, str]) -> None:
    """Replace by a pattern: in one member, or without `at` in the body as text."""

    def replaced(text: str) -> str:
        return re.sub(how["find"], how["put"], text, flags=re.MULTILINE)

    if "at" not in how:
        text = struck.answered.body.decode("utf-8", "surrogateescape")
        struck.answered.set_body(replaced(text).encode("utf-8", "surrogateescape"))
        return

    def change(value: Any) -> None:
        for container, key in places(value, how["at"]):
            if isinstance(container[key], str):
                container[key] = replaced(container[key])

    _edit(struck.answered, change)


_TURNS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "string": str,
    "fraction": lambda value: value + 0.5,
    "list": lambda value: [value],
    "upper": lambda value: value.upper(),
    "lower": lambda value: value.lower(),
    "title": lambda value: value.title(),
    "negative": lambda value: -abs(value) - 1,
    "milliseconds": lambda value: value * 1000,
    "epoch": lambda _: int(time.time()),
}


def _turn(struck: Struck, how: Mapping[str, str]) -> None:
    def change(value: Any) -> None:
        for container, key in places(value, how["at"]):
            if isinstance(container, list) or key in container:
                container[key] = _TURNS[how["into"]](container[key])

    _edit(struck.answered, change)


def _literal(struck: Struck, how: Mapping[str, str]) -> None:
    """Write what no JSON library writes, such as NaN, in the place of a value."""
    mark = f"literal-{uuid.uuid4().hex}"
    _set(struck.answered, {how["at"]: mark}, struck)
    text = struck.answered.body.replace(f'"{mark}"'.encode(), how["as"].encode())
    struck.answered.set_body(text)


def _cycle(struck: Struck, how: Mapping[str, Any]) -> None:
    values = how["values"]
    _set(struck.answered, {how["at"]: values[(struck.turn - 1) % len(values)]}, struck)


def _falling(struck: Struck, how: Mapping[str, Any]) -> None:
    """A figure that is one less each time."""
    _set(struck.answered, {how["at"]: how["start"] - struck.turn}, struck)


def _freeze(struck: Struck, at: bool | str) -> None:
    """Repeat the first answer's body, or only what it had at one place."""
    answer = struck.answered
    if at is True:
        answer.set_body(struck.memory.setdefault("frozen", answer.body))
        return
    value = as_json(answer.body)
    if isinstance(value, dict):
        for container, key in places(value, str(at)):
            if key in container:
                container[key] = struck.memory.setdefault(f"frozen {key}", container[key])
        answer.set_body(_dump(value))


_SAFE: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "1; mode=block",
}
"""Headers that an answer has whatever else is wrong with it: one fault breaks one thing."""


def _answer(struck: Struck, how: Mapping[str, Any]) -> None:
    """Answer something of the fault's own making."""
    body, media = how.get("text", "").encode(), "text/plain"
    if "json" in how:
        body, media = _dump(_filled(how["json"], struck)), "application/json"
    headers = {"Content-Type": how.get("media_type", media), **_SAFE, **how.get("headers", {})}
    made = Message(f"HTTP/1.1 {how.get('status', 200)} Faulty", [], body, b"", changed=True)
    _headers(made, {"Content-Length": str(len(body)), **headers})
    struck.answer = made


def _ask(struck: Struck, how: Mapping[str, Any]) -> None:
    """Ask the droplet something else; `{path}` is the path that was asked for."""
    request = struck.request
    path, _, query = request.target.partition("?")
    target = how.get("path", "{path}").replace("{path}", path)
    if "sub" in how:
        target = re.sub(how["sub"]["find"], how["sub"]["put"], target)
    if query and not how.get("bare", False):
        target = f"{target}?{query}"
    request.set_target(how.get("method", request.method), target)
    if "json" in how:
        request.set_body(_dump(_filled(how["json"], struck)))
        request.set_header("Content-Type", "application/json")


def _authorize(struck: Struck, _: bool) -> None:
    """Put the valid token in, as a droplet does that lets in whom it should not.

    A token that is right stays: whose it is matters.
    """
    right = struck.trust is not None and Verifier().lets_in(struck.request, struck.trust)
    if struck.token is not None and not right:
        struck.request.set_header("Authorization", f"Bearer {struck.token}")


def _status(struck: Struck, status: int) -> None:
    struck.answered.set_status(status)


def _put_text(struck: Struck, text: str) -> None:
    struck.answered.set_body(_filled(text, struck).encode("utf-8"))


def _put_json(struck: Struck, value: Any) -> None:
    struck.answered.set_body(_dump(_filled(value, struck)))


def _bytes(struck: Struck, text: str) -> None:
    struck.answered.set_body(base64.b64decode(text))


def _before(struck: Struck, text: str) -> None:
    struck.answered.set_body(text.encode("utf-8") + struck.answered.body)


def _after(struck: Struck, text: str) -> None:
    struck.answered.set_body(struck.answered.body + _filled(text, struck).encode("utf-8"))


def _note(struck: Struck, _: bool) -> None:
    """Remember the path that was asked for, as a label of a series remembers it for ever."""
    path = struck.request.target.partition("?")[0]
    if path not in struck.noted:
        struck.noted.append(path)


def _after_each(struck: Struck, text: str) -> None:
    for path in struck.noted:
        _after(struck, text.replace("{path}", path))


def _truncate(struck: Struck, size: int) -> None:
    struck.answered.set_body(struck.answered.body[:size])


def _quoted(struck: Struck, _: bool) -> None:
    struck.answered.set_body(_dump(struck.answered.body.decode("utf-8", "replace")))


def _media_type(struck: Struck, media: str) -> None:
    struck.answered.set_header("Content-Type", media)


def _mark(name: str) -> Callable[[Struck, Any], None]:
    def run(struck: Struck, value: Any) -> None:
        setattr(struck, name, value)

    return run


_AT: Final = frozenset({"at"})

VERBS: Final[Mapping[str, Verb]] = {
    "ask": Verb("request", dict, _ask, frozenset({"method", "path", "sub", "json", "bare"})),
    "authorize": Verb("request", bool, _authorize),
    "request_set": Verb("request", dict, lambda s, members: _set(s.request, members, s)),
    "request_delete": Verb("request", (str, list), lambda s, paths: _delete(s.request, paths)),
    "request_header": Verb("request", dict, lambda s, headers: _headers(s.request, headers)),
    "call": Verb("request", dict, call, CALL),
    "fetch": Verb("request", str, fetch),
    "log": Verb("request", str, log),
    "delay": Verb("request", (int, float), _mark("wait")),
    "hang": Verb("request", bool, _mark("hang")),
    "close": Verb("request", bool, _mark("close")),
    "set": Verb("answer", dict, lambda s, members: _set(s.answered, members, s)),
    "delete": Verb("answer", (str, list), lambda s, paths: _delete(s.answered, paths)),
    "rename": Verb("answer", dict, _rename),
    "wrap": Verb("answer", dict, _wrap),
    "sub": Verb("answer", dict, _sub, _AT | {"find", "put"}),
    "turn": Verb("answer", dict, _turn, _AT | {"into"}),
    "literal": Verb("answer", dict, _literal, _AT | {"as"}),
    "cycle": Verb("answer", dict, _cycle, _AT | {"values"}),
    "falling": Verb("answer", dict, _falling, _AT | {"start"}),
    "freeze": Verb("answer", (bool, str), _freeze),
    "status": Verb("answer", int, _status),
    "text": Verb("answer", str, _put_text),
    "json": Verb("answer", (dict, list, str, int, float, bool, type(None)), _put_json),
    "bytes": Verb("answer", str, _bytes),
    "before": Verb("answer", str, _before),
    "after": Verb("answer", str, _after),
    "note": Verb("answer", bool, _note),
    "after_each": Verb("answer", str, _after_each),
    "truncate": Verb("answer", int, _truncate),
    "quoted": Verb("answer", bool, _quoted),
    "header": Verb("answer", dict, _header),
    "media_type": Verb("answer", str, _media_type),
    "answer": Verb(
        "answer", dict, _answer, frozenset({"status", "json", "text", "headers", "media_type"})
    ),
    "mint": Verb("answer", dict, mint, MINT),
    "serve_key": Verb("answer", dict, serve_key, SERVE),
    "late_body": Verb("answer", (int, float), _mark("body_wait")),
    "cut": Verb("answer", int, _mark("cut")),
}
"""The verbs, in the words of the fault catalogue.

An `answer` that does not ask for the droplet's own status is given without asking the droplet.
"""
