"""Provider states: brought about through the contract's own operations, and on fakes by control.

A state gives the values that stand in an interaction's placeholders, such as a live token. Where
a provider cannot be brought into a state, that is not observed, and the reason is said. Where the
contract leaves a provider free not to be in it, what needs the state does not apply.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from udckit.conformance._wire import Outgoing, Wire
from udckit.conformance.authority import NO_AUTHORITY, Authority
from udckit.conformance.errors import NotApplicable, NotObserved
from udckit.conformance.pacts._listener import Listener
from udckit.fakes import ControlError, RemoteFake, SigningKey

__all__ = [
    "ANY_STATE",
    "EXPIRED",
    "FREE",
    "GIVEN",
    "REGISTERED",
    "STATES",
    "Stage",
    "bring_about",
]

_LISTENS_AS: Final = "udckit-pact-listener"
_OUTCOME_WITHIN: Final = 15.0
_BEAT_WITHIN: Final = 66.0
_LOOK_EVERY: Final = 0.25
FREE: Final = "a name that nobody holds"
REGISTERED: Final = "a registered droplet"
EXPIRED: Final = "a registered droplet whose token has expired"
GIVEN: Final = "a task that was given"
ANY_STATE: Final = ""
"""The state of an interaction that names none."""

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stage:
    """A provider that answers, who signs for it, and the fakes around it, where there are any."""

    url: str
    role: str
    authority: Authority
    listener: Listener
    registry: str | None = None
    orchestrator: str | None = None
    key: SigningKey | None = None
    """The Registry's private key, where the operator gave it."""
    headers: tuple[tuple[str, str], ...] = ()
    ca_file: str | None = None

    def ask(self, method: str, path: str, token: str | None, value: Any = None) -> tuple[int, Any]:
        """Give status and JSON of one of the contract's own operations; raise OSError without."""
        headers = [("Accept", "application/json"), *self.headers]
        if token is not None:
            headers.append(("Authorization", f"Bearer {token}"))
        if value is not None:
            headers.append(("Content-Type", "application/json"))
        body = None if value is None else json.dumps(value).encode()
        wire = Wire(self.url, ca_file=self.ca_file)
        try:
            prefix = urlsplit(self.url).path
            returned = wire.send(Outgoing(method, path, tuple(headers), body, prefix=prefix))
        finally:
            wire.close()
        if returned.trouble is not None:
            raise OSError(f"{method} {path}: {returned.detail or returned.trouble}")
        try:
            return returned.status, json.loads(returned.body)
        except ValueError:
            return returned.status, None


def bring_about(state: str, stage: Stage) -> Values:
    """Bring a provider into a state, and give its values.

    Raises:
        NotObserved: it cannot be brought there, or nobody knows the state.
        NotApplicable: the contract leaves it free never to be there, and it makes use of that.
    """
    handler = STATES.get(state)
    if handler is None:
        known = "; ".join(sorted(filter(None, STATES)))
        raise NotObserved(f"udckit knows no state {state!r}. It knows: {known}.")
    return handler(stage)


def _nothing(_: Stage) -> Values:
    return {}


def _free_name(_: Stage) -> Values:
    number = secrets.randbelow(9_000_000) + 1_000_000
    return {"name": f"udckit-pact-{number}", "droplet_id": number}


def _registered(stage: Stage) -> Values:
    token = stage.authority.tokens.valid
    if token is None:
        raise NotObserved(stage.authority.tokens.why_none or NO_AUTHORITY)
    who = stage.authority.identity
    return {
        "token": token,
        "name": who.service_name,
        "service_id": who.service_id,
        "droplet_id": who.droplet_id,
    }


def _expired(stage: Stage) -> Values:
    values = _registered(stage)
    now = int(time.time())
    times = {"iat": now - 7200, "exp": now - 3600}
    who = {"service_id": values["service_id"], "service_name": values["name"]}
    if stage.key is not None:
        if not stage.key.public.signed(values["token"]):
            why = "the signing key is not that of the Registry, so what it signs shows nothing"
            raise NotObserved(why)
        return {**values, "token": stage.key.sign({**who, "capabilities": [], **times})}
    signer = stage.url if stage.role == "registry" else stage.registry
    try:
        token = RemoteFake(signer or "").mint(**who, claims=times)
    except ControlError:
        why = (
            "only who has the Registry's key can sign a token that has expired: "
            "give `signing_key` in udckit.toml"
        )
        raise NotObserved(why) from None
    return {**values, "token": token}


def _listening(stage: Stage) -> Values:
    values = _registered(stage)
    enrol = stage.authority.enrol
    facts = {"host": "127.0.0.1", "port": stage.listener.port}
    more = None if enrol is None else enrol(_LISTENS_AS, facts)
    if more is None:
        return {**values, "reply_to": stage.listener.reply_to}
    token, number = more
    return {
        "token": token,
        "name": _LISTENS_AS,
        "service_id": number,
        "reply_to": stage.listener.reply_to,
    }


def _task(stage: Stage) -> Values:
    values = _registered(stage)
    asked = {"task_type": "udckit-work", "data": {}, "priority": "normal"}
    status, answer = stage.ask("POST", "/tasks", values["token"], asked)
    task_id = answer.get("task_id") if isinstance(answer, dict) else None
    if not isinstance(task_id, str) or not task_id:
        why = f"POST /tasks was answered {status} without a task_id"
        raise NotObserved(why, blocked_by="ORCH-TASK-001")
    return {**values, "task_id": task_id}


def _takes_outcomes(stage: Stage) -> Values:
    values = _registered(stage)
    _, told = stage.ask("GET", "/capabilities", values["token"])
    listed = told.get("integration_endpoints") if isinstance(told, dict) else None
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("path") == "/callback":
            return values
    raise NotApplicable("its /capabilities lists no /callback, so it takes no outcomes")


def _owes_outcome(stage: Stage) -> Values:
    values = _listening(stage)
    message = {
        "from_service": values["name"],
        "message_type": "query",
        "payload": {},
        "reply_to": values["reply_to"],
    }
    status, receipt = stage.ask("POST", "/message", values["token"], message)
    said = receipt.get("status") if isinstance(receipt, dict) else None
    if said == "completed":
        raise NotApplicable("it completed at once, and owes no outcome")
    if said != "processing":
        why = f"it answered {status} {said or 'without a status'}: no outcome is owed then"
        raise NotObserved(why)
    outcome = stage.listener.outcome(receipt.get("message_id"), _OUTCOME_WITHIN)
    if outcome is None:
        why = f"no outcome came within {_OUTCOME_WITHIN:g} s of a message that asked for one"
        raise NotObserved(why, blocked_by="UDC-MSG-010")
    return {"contents": outcome}


def _beats(stage: Stage) -> Values:
    if stage.orchestrator is None:
        raise NotObserved("beats are heard by the kit's own Orchestrator: use --launch, or fakes")
    values = _registered(stage)
    _, told = stage.ask("GET", "/capabilities", values["token"])
    name = told.get("service_name") if isinstance(told, dict) else None
    beat = _beat_of(name, RemoteFake(stage.orchestrator))
    if beat is None:
        raise NotObserved(f"no beat of {name!r} came", blocked_by="ORCH-CLIENT-002")
    return {"contents": beat}


def _beat_of(name: Any, fake: RemoteFake) -> Any:
    """Look into the journal until a droplet of this name beats; None where none did."""
    ends, seen = time.monotonic() + _BEAT_WITHIN, 0
    while time.monotonic() < ends:
        try:
            entries = fake.journal(since=seen)["entries"]
        except ControlError:
            return None
        for entry in entries:
            seen = entry["number"]
            who, body = entry.get("identity") or {}, entry.get("body") or {}
            if entry["path"] == "/heartbeat" and who.get("service_name") == name:
                return body.get("json")
        time.sleep(_LOOK_EVERY)
    return None


STATES: Final[Mapping[str, Callable[[Stage], Values]]] = {
    ANY_STATE: _nothing,
    FREE: _free_name,
    REGISTERED: _registered,
    "a registered service": _registered,
    EXPIRED: _expired,
    "a registered service that listens": _listening,
    GIVEN: _task,
    "a droplet that takes outcomes": _takes_outcomes,
    "a droplet that owes an outcome": _owes_outcome,
    "a droplet that beats": _beats,
}
"""Every state that the kit can bring about, by its name in a pact."""
