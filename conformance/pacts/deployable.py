"""May this version be deployed? Asked of the broker through Pact's own command line tool.

Its exit code is not believed: with `--output json` it is 0 whatever the broker says. The answer is
read instead. Secrets reach it through its environment, never through its arguments.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from udckit.conformance.errors import BrokerError, InvocationError
from udckit.conformance.pacts._access import BrokerAccess
from udckit.conformance.pacts._adapter import MISSING
from udckit.conformance.pacts.broker import DEADLINE

__all__ = ["Answer", "Pair", "can_i_deploy", "tool_words"]

_INTERVAL: Final = 5
_OF_THE_BROKER: Final = "PACT_"
"""What begins so in the environment is the broker's affair: none of it is inherited."""

Word = Literal["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class Pair:
    """One consumer's version with one provider's; `verified` None where nobody tried."""

    consumer: str
    provider: str
    verified: bool | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the broker says, and between whom."""

    word: Word
    reason: str
    pairs: tuple[Pair, ...] = ()


def can_i_deploy(
    access: BrokerAccess, name: str, version: str, environment: str, *, wait: int = 0
) -> Answer:
    """Ask the broker; `wait` seconds for results that are still to come.

    Raises:
        InvocationError: the tool is not installed.
        BrokerError: the broker cannot be reached, or refuses.
    """
    words = [_tool(), *tool_words(access, name, version, environment, wait=wait)]
    try:
        run = subprocess.run(  # noqa: S603 - the tool that came with the extra
            words,
            env=_environment(access),
            capture_output=True,
            text=True,
            timeout=2 * DEADLINE + wait,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise BrokerError(
            f"The Pact Broker at {access.url} did not answer within {2 * DEADLINE + wait:g} s. "
            "Is its URL right, and is it up?"
        ) from None
    try:
        told = json.loads(run.stdout)
        summary = told["summary"]
    except (ValueError, KeyError, TypeError):
        raise BrokerError(_trouble(access, run.stdout or run.stderr)) from None
    pairs = tuple(_pair(one) for one in told.get("matrix") or ())
    return Answer(_word(summary), str(summary.get("reason") or "it gives no reason"), pairs)


def tool_words(
    access: BrokerAccess, name: str, version: str, environment: str, *, wait: int = 0
) -> tuple[str, ...]:
    """Give the arguments of the tool; none of them is a secret."""
    patience: tuple[str, ...] = ()
    if wait:
        times = str(max(1, wait // _INTERVAL))
        patience = ("--retry-while-unknown", times, "--retry-interval", str(_INTERVAL))
    return (
        "broker",
        "can-i-deploy",
        *("--pacticipant", name, "--version", version, "--to-environment", environment),
        *("--broker-base-url", access.url.rstrip("/"), "--output", "json", "--retries", "1"),
        *patience,
    )


def _tool() -> str:
    beside = Path(sysconfig.get_path("scripts")) / "pact"
    found = str(beside) if beside.is_file() else shutil.which("pact")
    if found is None:
        raise InvocationError(MISSING)
    return found


def _environment(access: BrokerAccess) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_OF_THE_BROKER)}
    secrets = {
        "PACT_BROKER_TOKEN": access.token,
        "PACT_BROKER_USERNAME": None if access.token else access.username,
        "PACT_BROKER_PASSWORD": None if access.token else access.password,
    }
    given = {key: value for key, value in secrets.items() if value}
    return {**kept, **given, "PACT_DO_NOT_TRACK": "true"}


def _word(summary: Mapping[str, Any]) -> Word:
    """Null means that a result is missing; so does false where none of them failed."""
    if summary.get("deployable") is True:
        return "yes"
    return "no" if summary.get("failed") or not summary.get("unknown") else "unknown"


def _pair(row: Mapping[str, Any]) -> Pair:
    result = row.get("verificationResult")
    verified = result.get("success") if isinstance(result, Mapping) else None
    return Pair(_named(row.get("consumer")), _named(row.get("provider")), verified)


def _named(who: Any) -> str:
    if not isinstance(who, Mapping):
        return "nobody"
    version = who.get("version")
    number = version.get("number") if isinstance(version, Mapping) else None
    return f"{who.get('name')} {number}" if number else f"{who.get('name')}"


def _trouble(access: BrokerAccess, said: str) -> str:
    lines = [line.strip("❌ \t") for line in said.splitlines() if line.strip()]
    last = lines[-1] if lines else "the tool said nothing"
    hint = "Is its URL right, and is it up?"
    if " 401 " in last or " 403 " in last:
        hint = "Set PACT_BROKER_TOKEN, or PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD."
    elif any(word in last for word in ("No pacticipant", "No version", "No environment")):
        hint = "Publish it first, and see that name, version and environment are those it knows."
    return f"The Pact Broker at {access.url} gave no answer: {last[:300]}. {hint}"
