"""Leaks by what gives them away, and what is none because it was sent, or belongs there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

from udckit.conformance import Observation
from udckit.conformance.redaction import PASSWORD, PLACEHOLDER, PRIVATE_KEY
from udckit.conformance.suites._left_behind import HOSTILE_NAMES

__all__ = ["Leak", "Sent", "credential_in", "leak_in"]


class Leak(NamedTuple):
    """What leaked, in a word, and the text that shows it."""

    what: str
    text: str


_FRAMES: Final = r"""
      Traceback\ \(most\ recent\ call\ last\)
    | File\ "[^"\n]{1,200}",\ line\ \d+
    | \bat\ [\w$.<>\[\]\ ]{1,80}\ ?\((?:[^()\s:]{1,200}:\d+(?::\d+)?|Native\ Method|<anonymous>)\)
    | \bat\ (?:file://)?/[^\s:]{1,200}:\d+:\d+
    | \bgoroutine\ \d+\ \[
    | \w\.go:\d+\ \+0x
    | \w\.rb:\d+:in\ [`']
    | \w\.php(?::|\ on\ line\ |\()\d+
    | thread\ '[^']{1,40}'\ panicked\ at
    | Werkzeug\ Debugger | DJANGO_SETTINGS_MODULE | x-debug-token
"""
_DRIVERS: Final = r"""
      \b(?:psycopg2?|asyncpg|sqlalchemy|pymysql|aiomysql|sqlite3|pymongo|aioredis|redis
          |motor|kombu|aiokafka|urllib3|httpx|aiohttp|requests|pydantic_core)
        \.[A-Za-z_.]{0,60}(?:Error|Exception|Timeout|exc|exceptions)\b
    | \b(?:Operational|Programming|Integrity|Interface|StatementExecution|PendingRollback)Error\b
    | \b(?:SequelizeDatabase|PrismaClient\w*|MongoServer|MongoNetwork|Redis(?:Connection)?)Error\b
    | \bECONNREFUSED\b | \bENOTFOUND\b | \bgetaddrinfo\b
    | \[Errno\ -?\d+\] | \bErrno::[A-Z]+
    | \bSQLSTATE\b | \bORA-\d{5}\b
    | \bFATAL:\ \ ?(?:password|database|role|no\ pg_hba)
    | connection\ to\ server\ at\ "
    | Error\ \d+\ connecting\ to\ [\w.-]+:\d+
    | near\ "[^"]{1,40}":\ syntax\ error
    | duplicate\ key\ value\ violates | (?:relation|column)\ "[^"]{1,60}"\ does\ not\ exist
    | no\ such\ (?:table|column):
    | java\.(?:lang|sql|net|io|util)\.[A-Z]\w+ | org\.(?:hibernate|springframework|postgresql)\.
    | com\.(?:mysql|zaxxer|mongodb)\.
"""
_SQL: Final = r"""
      \bSELECT\s.{1,200}?\sFROM\s+["`\w]
    | \bINSERT\s+INTO\s+["`\w]+ | \bUPDATE\s+["`\w.]+\s+SET\s | \bDELETE\s+FROM\s+["`\w]+
    | \b(?:CREATE|ALTER|DROP)\s+TABLE\s
"""
_ROOTS: Final = r"""
      (?<![\w./:-])/(?:home|root|usr|var|etc|opt|srv|tmp|app|code|workspace|site-packages|Users|proc
          |private|mnt|data|src)/[\w.@+-]+(?:/[\w.@+-]+)*
    | \b[A-Z]:\\\\?(?:Users|Windows|Program\ Files|inetpub|app)\\
    | /site-packages/[\w/.-]+ | \bnode_modules/[\w/@.-]+
"""
_DSNS: Final = r"""
      \b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|oracle|sqlite
          |clickhouse|cockroachdb|kafka)(?:\+\w+)?://[^\s"'<>]{1,200}
"""
_SECRETS: Final = rf"""
      {re.escape(PRIVATE_KEY)} | -----BEGIN\ [A-Z\ ]*PRIVATE\ KEY
    | [\w.-]{{0,40}}:{PASSWORD}@ | \w{{2,40}}={PASSWORD}
    | \bAKIA[0-9A-Z]{{16}}\b | \bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{{20,}}
    | \bgh[pousr]_[A-Za-z0-9]{{36}} | \bxox[baprs]-[A-Za-z0-9-]{{10,}}
"""
_MEMBERS: Final = rf"""
    "(?:password|passwd|secret_key|jwt_secret|client_secret|api_key)"\s*:\s*"{PASSWORD}"
"""

_EVERYWHERE: Final = (
    ("a stack frame", re.compile(_FRAMES, re.VERBOSE)),
    ("the words of a driver", re.compile(_DRIVERS, re.VERBOSE)),
    ("a connection string", re.compile(_DSNS, re.VERBOSE)),
    ("a secret", re.compile(_SECRETS, re.VERBOSE | re.IGNORECASE)),
)
_NOT_IN_DOCUMENTS: Final = (
    ("a secret", re.compile(_MEMBERS, re.VERBOSE | re.IGNORECASE)),
    ("SQL", re.compile(_SQL, re.VERBOSE | re.IGNORECASE)),
    ("a path of the file system", re.compile(_ROOTS, re.VERBOSE)),
)
_CREDENTIAL: Final = re.compile(
    rf"[^\s/@:]*:{PASSWORD}@|\w+={PASSWORD}|//[^\s/@:]+@|^[^\s/@:]+:[^\s/@]+@"
)
_DOCUMENTS: Final = ("/openapi", "/docs", "/redoc", "/swagger", "/metrics")
_ADDRESSED: Final = "/dependencies"
_REGISTRATION: Final = ("POST", "/register")


@dataclass(slots=True)
class Sent:
    """What the kit itself sent up to now, or in an earlier run, and the paths that are listed."""

    texts: list[str] = field(default_factory=lambda: list(HOSTILE_NAMES))
    _whole: str = ""

    def add(self, seen: Observation) -> None:
        """Remember a request, and what the contract puts into its answer."""
        request = seen.exchange.request
        parts = [request.target, request.body or "", *(value for _, value in request.headers)]
        if seen.exchange.request.target.startswith(("/capabilities", "/openapi")):
            parts += _listed(seen.json)
        self.texts += [part for part in parts if part]
        self._whole = ""

    def holds(self, text: str) -> bool:
        """True where the text came from the kit, or is a path that the target lists."""
        if not self._whole:
            self._whole = "\n".join(self.texts)
        return text in self._whole


def leak_in(seen: Observation, sent: Sent) -> Leak | None:
    """Give the first leak of an answer, once what was sent is subtracted (CONF-44)."""
    own = Sent([*_own_request(seen)])
    path = seen.exchange.request.target.split("?")[0]
    text = "\n".join((seen.text, *_headers(seen)))
    for what, found in _suspects(text, is_document=path.startswith(_DOCUMENTS)):
        if not (own.holds(found) or sent.holds(found)):
            if what == "a connection string" and path == _ADDRESSED and "@" not in found:
                continue
            return Leak(what, found[:160])
    return _token_in(seen, text, own)


@lru_cache(maxsize=256)
def _suspects(text: str, *, is_document: bool) -> tuple[tuple[str, str], ...]:
    """Give what looks like a leak, each with its kind; most refusals of a run read alike."""
    kinds = _EVERYWHERE if is_document else (*_EVERYWHERE, *_NOT_IN_DOCUMENTS)
    return tuple((what, found.group()) for what, each in kinds for found in each.finditer(text))


def credential_in(text: str) -> str | None:
    """Give what of an address is a credential."""
    found = _CREDENTIAL.search(text)
    return None if found is None else found.group()


def _token_in(seen: Observation, text: str, own: Sent) -> Leak | None:
    """A token is earned by a registration only; an echo of the request's own is no leak."""
    request = seen.exchange.request
    if (request.method, request.target) == _REGISTRATION:
        return None
    for found in PLACEHOLDER.finditer(text):
        if not own.holds(found.group()):
            return Leak("a token that nobody was given here", found.group())
    return None


def _own_request(seen: Observation) -> list[str]:
    request = seen.exchange.request
    echoed = [request.target, request.body or "", *(value for _, value in request.headers)]
    return [*echoed, *_listed(seen.json)] if request.target == "/capabilities" else echoed


def _headers(seen: Observation) -> list[str]:
    answer = seen.exchange.answer
    return [] if answer is None else [value for _, value in answer.headers]


def _listed(body: Any) -> list[str]:
    """Give the paths that /capabilities and an OpenAPI document list."""
    if not isinstance(body, dict):
        return []
    listed, paths = body.get("integration_endpoints"), body.get("paths")
    items = listed if isinstance(listed, list) else []
    own = [str(item.get("path")) for item in items if isinstance(item, dict)]
    return own + (list(paths) if isinstance(paths, dict) else [])
