"""What a Registry must answer: registrations, and who is found afterwards, by name and number."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from udckit.conformance.generated.claims import Asked, Claim, refusal, shown, value_of
from udckit.conformance.settings import Settings

__all__ = ["RegistryModel"]

_OK: Final = 200
_CREATED: Final = 201
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_SHORT: Final = 100
"""Signs that a name may have without being cut short by anybody."""

_MOMENT: Final = 1.5
"""Seconds that a directory may need to hear of a registration."""

_REGISTER: Final = "registerService"
_BY_NAME: Final = "getServiceByName"
_BY_ID: Final = "getService"
_PLAIN_NAME: Final = re.compile(r"udckit-[a-z0-9-]{1,60}")
_UNSAFE: Final = frozenset("/\\%?#;\0")
"""Signs that servers and gateways may refuse in a path, however they are encoded (CONF-45)."""

_VERSION: Final = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}")
_PATH: Final = re.compile(r"/[a-z]{1,20}")
_WORD: Final = re.compile(r"[a-z][a-z_-]{0,30}")
_BIGGEST_ID: Final = 2**31 - 1
_ISSUED_BELOW: Final = 2**53
"""Numbers from here on are no service's: no Registry has given so many."""


@dataclass(slots=True)
class _Service:
    name: str
    droplet_id: Any
    port: Any
    at: float
    step: int
    service_id: Any = None
    found: list[int] = field(default_factory=list)


class RegistryModel:
    """Remembers who registered under which name, and what was said of them."""

    def __init__(self, settings: Settings) -> None:
        self._own = settings.identity.service_name
        self._services: dict[str, _Service] = {}
        self._by_id: dict[Any, _Service] = {}
        self._refused: dict[str, int] = {}

    def door(self, asked: Asked) -> str | None:
        """Name the operation whose twin speaks for this one."""
        known = {_REGISTER: _REGISTER, _BY_NAME: _REGISTER, _BY_ID: _REGISTER}
        return known.get(asked.operation.id)

    def is_twin(self, asked: Asked) -> bool:
        """Say whether it is a registration that nobody may refuse, as far as is known here."""
        if asked.operation.id != _REGISTER or asked.kind != "right":
            return False
        members = asked.body.members
        known = self._services.get(members["name"])
        words = members["capabilities"]
        return (
            _PLAIN_NAME.fullmatch(members["name"]) is not None
            and 1 <= members["droplet_id"] <= _BIGGEST_ID
            and members["port"] > 1023  # noqa: PLR2004 - below are the system's own
            and _PATH.fullmatch(members["health_endpoint"]) is not None
            and 0 < len(words) < 10  # noqa: PLR2004 - a few
            and all(_WORD.fullmatch(word) for word in words)
            and _VERSION.fullmatch(members["version"]) is not None
            and members.get("host") is None
            and members.get("udc_compliant") in {None, True}
            and (known is None or known.droplet_id == members["droplet_id"])
        )

    def rows(self, asked: Asked) -> tuple[str, ...]:
        """Name the rows that a server error breaks."""
        name = asked.body.members.get("name")
        if asked.operation.id == _REGISTER:
            odd = isinstance(name, str) and _PLAIN_NAME.fullmatch(name) is None
            return ("REG-REGISTER-010", "ERR-004") if odd else ("ERR-004",)
        return ("ERR-004",) if asked.operation.id in {_BY_NAME, _BY_ID} else ()

    def claims(self, asked: Asked) -> Iterator[Claim]:
        """Say what should be so of an answer."""
        status = asked.status
        if asked.told_off or status is None or status >= 500:  # noqa: PLR2004 - the 5xx
            return
        if asked.operation.id == _REGISTER:
            yield from self._registered(asked, status)
        elif asked.operation.id == _BY_NAME:
            yield from self._looked_up(asked, status)
        elif asked.operation.id == _BY_ID:
            yield from self._numbered(asked, status)

    def _registered(self, asked: Asked, status: int) -> Iterator[Claim]:
        refused = refusal(asked, "REG-REGISTER-003")
        if refused is not None:
            name = asked.body.members.get("name")
            if isinstance(name, str) and status != _CREATED:
                self._refused.setdefault(name, asked.number)
            if status != _CONFLICT:
                yield refused
        elif self.is_twin(asked) and status != _CONFLICT:
            yield Claim(
                ("REG-REGISTER-001",), status == _CREATED, "status 201", shown(asked), held=True
            )
        if status == _CREATED and asked.kind != "wrong" and isinstance(asked.body.value, dict):
            yield from self._admitted(asked)

    def _admitted(self, asked: Asked) -> Iterator[Claim]:
        members = asked.body.members
        name, number = members.get("name"), value_of(asked, "service_id")
        if not isinstance(name, str):
            return
        known = self._services.get(name)
        step = asked.number
        same = known is not None and known.droplet_id == members.get("droplet_id")
        if known is not None and same:
            yield Claim(
                ("REG-REGISTER-006",),
                known.service_id == number,
                f"`service_id` {known.service_id!r}, as before: it is the same droplet",
                f"`service_id` {number!r} [{asked.seen.call}]",
                steps=(known.step,),
            )
        other = self._by_id.get(number)
        if other is not None and other.name != name and _apart(other.name, name):
            yield Claim(
                ("REG-REGISTER-008",),
                holds=False,
                expected="a service_id that no other service has",
                observed=f"`service_id` {number!r}, which {other.name!r} has [{asked.seen.call}]",
                steps=(other.step,),
            )
        service = _Service(
            name, members.get("droplet_id"), members.get("port"), asked.exchange.at, step, number
        )
        self._services[name] = service
        if isinstance(number, int):
            self._by_id[number] = service

    def _looked_up(self, asked: Asked, status: int) -> Iterator[Claim]:
        name = asked.params.get("name", "")
        service = self._services.get(name)
        if service is None:
            known = any(not _apart(name, each) for each in (*self._services, self._own))
            if _PLAIN_NAME.fullmatch(name) and not known and "-never-" in name:
                row = "REG-REGISTER-003" if name in self._refused else "REG-SVC-002"
                steps = (self._refused[name],) if name in self._refused else ()
                yield Claim(
                    (row,),
                    status == _NOT_FOUND,
                    "status 404 to a name that nobody has",
                    steps=steps,
                )
            return
        if _UNSAFE & set(name) or not _survives(name):
            return
        yield from self._found(asked, status, service, "REG-SVC-001")

    def _numbered(self, asked: Asked, status: int) -> Iterator[Claim]:
        text = asked.params.get("id", "")
        number = int(text) if re.fullmatch(r"\d{1,30}", text) else None
        service = self._by_id.get(number)
        if service is not None:
            yield from self._found(asked, status, service, "REG-SVC-004")
        elif number is not None and number >= _ISSUED_BELOW:
            yield Claim(
                ("REG-SVC-004",),
                status in {400, _NOT_FOUND, 422},
                "status 404 to a service_id that nobody has",
            )

    def _found(self, asked: Asked, status: int, service: _Service, row: str) -> Iterator[Claim]:
        """Who was registered is found, each time; only the first look may come too early."""
        early = asked.exchange.at < service.at + _MOMENT and not service.found
        if status != _OK and early:
            return
        steps = (service.step, *service.found[-1:])
        yield Claim(
            (row,), status == _OK, f"status 200, for {service.name!r} is registered", steps=steps
        )
        if status != _OK:
            return
        service.found.append(asked.number)
        port = value_of(asked, "port")
        if isinstance(service.port, int) and isinstance(port, int):
            yield Claim(
                (row,),
                port == service.port or early,
                f"`port` {service.port}, as it was registered",
                f"`port` {port} [{asked.seen.call}]",
                steps=(service.step,),
            )


def _apart(one: str, other: str) -> bool:
    """Say whether no legal comparison takes two names for the same."""
    return _folded(one) != _folded(other)


def _folded(name: str) -> str:
    """Take away what a database may not tell apart: case, accents, forms of the same letter."""
    bare = unicodedata.normalize("NFKD", name.strip().casefold())
    return "".join(sign for sign in bare if not unicodedata.combining(sign))


def _survives(name: str) -> bool:
    """Say whether a name is text in its usual form, which nobody changes on its way."""
    usual = unicodedata.normalize("NFKC", name) == name and name.strip() == name
    return usual and name.isprintable() and name.strip(".") != "" and len(name) <= _SHORT
