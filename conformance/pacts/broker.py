"""A Pact Broker as the kit speaks to it: contracts in, pacts to verify out, results in.

Its links are followed as they are told, on its own origin alone: credentials go nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from udckit.conformance._wire import Outgoing, Returned, Wire
from udckit.conformance.errors import BrokerError
from udckit.conformance.pacts._access import BrokerAccess
from udckit.conformance.pacts._document import pact_of
from udckit.conformance.pacts._sent import Brokered, Publication

__all__ = ["DEADLINE", "Broker", "broker_at"]

DEADLINE: Final = 15.0
"""Seconds that the broker has for one answer."""
_LIMIT: Final = 16 * 1024 * 1024
_MOST_SAID: Final = 600
_HAL: Final = "application/hal+json, application/json"
_CONFLICT: Final = 409
_RESULTS: Final = "pb:publish-verification-results"
_WORDS: Final = {
    401: "the credentials are refused (401): set PACT_BROKER_TOKEN, or PACT_BROKER_USERNAME and "
    "PACT_BROKER_PASSWORD",
    403: "the credentials do not allow it (403): a read-only user cannot publish",
}


@contextmanager
def broker_at(access: BrokerAccess) -> Iterator[Broker]:
    """Speak to a broker until the block is left; raise BrokerError where it does not answer."""
    wire = Wire(access.url)
    try:
        yield Broker(access, wire)
    finally:
        wire.close()


class Broker:
    """One broker; every refusal is a BrokerError that says what to do."""

    def __init__(self, access: BrokerAccess, wire: Wire) -> None:
        self._access = access
        self._wire = wire
        index = self._ask("GET", access.url.rstrip("/") + "/")
        self._links = index.get("_links")

    def publish(self, publication: Publication) -> tuple[str, ...]:
        """Publish every contract of a version in one request; give what the broker says of it."""
        answer = self._ask("POST", self._link("pb:publish-contracts"), publication.as_json())
        return _notices_of(answer)

    def pacts_for(self, provider: str, branch: str | None) -> tuple[Brokered, ...]:
        """Give the pacts that this provider has to verify.

        Those of each consumer's main branch, those deployed or released anywhere, and those of
        the provider's own branch name, where it has one.
        """
        selectors: list[dict[str, Any]] = [{"mainBranch": True}, {"deployedOrReleased": True}]
        asked: dict[str, Any] = {"consumerVersionSelectors": selectors}
        if branch:
            selectors.append({"matchingBranch": True})
            asked["providerVersionBranch"] = branch
        where = self._link("pb:provider-pacts-for-verification", provider=provider)
        listed = _at(self._ask("POST", where, asked), "_embedded", "pacts") or ()
        hrefs = [_at(one, "_links", "self", "href") for one in listed]
        return tuple(self._pact(str(href)) for href in hrefs if href)

    def send(
        self, provider: str, version: str, branch: str | None, results: Sequence[Mapping[str, Any]]
    ) -> None:
        """Send results, as `bodies_of` wrote them; those that failed first.

        So a broker that is lost in between never shows a provider better than it is.
        """
        if branch:
            where = self._branch_version(provider, version, branch)
            self._ask("PUT", where, {})
        order = sorted(results, key=lambda each: bool(each["body"]["success"]))
        for sent, one in enumerate(order):
            try:
                self._ask("POST", str(one["to"]), one["body"])
            except BrokerError as refused:
                told = f"{sent} of {len(results)} results were sent"
                raise BrokerError(f"{refused} ({told}; run it again, that is harmless)") from None

    def _pact(self, href: str) -> Brokered:
        raw = dict(self._ask("GET", href))
        results = _at(raw.pop("_links", {}), _RESULTS, "href")
        if not isinstance(results, str):
            raise BrokerError(f"The pact at {href} has no link for results: is this a Pact Broker?")
        return Brokered(pact_of(raw, Path(href)), results)

    def _branch_version(self, provider: str, version: str, branch: str) -> str:
        about = self._ask("GET", self._link("pb:pacticipant", pacticipant=provider))
        template = _at(about, "_links", "pb:branch-version", "href")
        if template is None:
            template = f"{self._access.url.rstrip('/')}/pacticipants/{_safe(provider)}"
            template += "/branches/{branch}/versions/{version}"
        return _filled(str(template), {"branch": branch, "version": version})

    def _link(self, name: str, **values: str) -> str:
        href = _at(self._links, name, "href")
        if not isinstance(href, str):
            raise BrokerError(
                f"The broker at {self._access.url} does not know {name}: is it a Pact Broker of "
                "2.86 or later, and is this its base URL?"
            )
        return _filled(href, values)

    def _ask(self, method: str, url: str, value: Any = None) -> Mapping[str, Any]:
        headers = [("Accept", _HAL), ("User-Agent", "udckit")]
        if self._access.authorization is not None:
            headers.append(("Authorization", self._access.authorization))
        if value is not None:
            headers.append(("Content-Type", "application/json"))
        body = None if value is None else json.dumps(value).encode()
        target = self._target(url)
        returned = self._wire.send(
            Outgoing(method, target, tuple(headers), body, DEADLINE, limit=_LIMIT)
        )
        return self._understood(method, target, returned)

    def _target(self, url: str) -> str:
        parts, own = urlsplit(url), urlsplit(self._access.url)
        if parts.netloc and (parts.scheme, parts.netloc) != (own.scheme, own.netloc):
            raise BrokerError(
                f"The broker at {self._access.url} links to {parts.scheme}://{parts.netloc}, where "
                "no credentials are sent: give the broker by that address."
            )
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def _understood(self, method: str, target: str, returned: Returned) -> Mapping[str, Any]:
        where = f"The Pact Broker at {self._access.url}"
        if returned.trouble is not None:
            why = {
                "timeout": f"did not answer within {DEADLINE:g} s",
                "refused": f"cannot be reached ({returned.detail})",
            }.get(returned.trouble, f"broke off ({returned.detail or returned.trouble})")
            raise BrokerError(f"{where} {why}. Is its URL right, and is it up?")
        try:
            answer = json.loads(returned.body) if returned.body else {}
        except ValueError:
            answer = {}
        if returned.status < 300 and isinstance(answer, dict):  # noqa: PLR2004 - the 2xx
            return answer
        said = "; ".join(_notices_of(answer)) or returned.body.decode("utf-8", "replace")
        said = said[:_MOST_SAID]
        if returned.status == _CONFLICT:
            raise BrokerError(
                f"{where} has another contract under this version already, and that of a version "
                f"never changes: publish under a new one, such as the commit. It says: {said}"
            )
        told = _WORDS.get(returned.status, f"answered {returned.status} to {method} {target}")
        raise BrokerError(f"{where}: {told}. It says: {said or 'nothing'}")


def _notices_of(answer: Any) -> tuple[str, ...]:
    """Give what the broker says to people, whatever form it gives it."""
    if not isinstance(answer, Mapping):
        return ()
    notices = [one.get("text") for one in answer.get("notices") or () if isinstance(one, Mapping)]
    if not notices:
        errors = answer.get("errors") or answer.get("error") or ()
        notices = list(_flat(errors))
    return tuple(str(one) for one in notices if one)


def _at(value: Any, *names: str) -> Any:
    """Give what stands below these names of an answer; None where it is formed otherwise."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _flat(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _flat(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _flat(inner)
    elif value:
        yield str(value)


def _filled(template: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", _safe(value))
    return template


def _safe(text: str) -> str:
    return quote(text, safe="")
