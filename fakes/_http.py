"""One request as it came and one answer as it goes: the small change of every fake."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from udckit.fakes._strict_json import JsonError, dumps, strict_loads
from udckit.specs import Problem

if TYPE_CHECKING:
    from udckit.fakes._router import Route
    from udckit.fakes.faults import Fault

__all__ = ["Answer", "Headers", "RawHeaders", "Refusal", "Request", "is_json", "read_body"]

RawHeaders = list[tuple[bytes, bytes]]

LARGEST_BODY = 1 << 20  # bytes; the contract asks that 64 KB be taken and 10 MB may be refused
MOST_HEADERS = 200
JSON = b"application/json"

_BODIES = frozenset({b"content-length", b"transfer-encoding"})


class Headers(Mapping[str, str]):
    """Header fields as they came; looked up without regard to case, the first of a name counts."""

    __slots__ = ("raw",)

    def __init__(self, raw: RawHeaders) -> None:
        self.raw = raw

    @staticmethod
    def packed(raw: RawHeaders) -> bytes:
        """Header fields as one string of bytes, which costs a journal less than many."""
        return b"\0".join([part for field in raw for part in field])

    @classmethod
    def unpacked(cls, packed: bytes) -> "Headers":
        """The header fields that `packed` put together."""
        parts = packed.split(b"\0")
        return cls(list(zip(parts[::2], parts[1::2], strict=True)) if packed else [])

    def __getitem__(self, name: str) -> str:
        wanted = name.lower().encode("latin-1", "replace")
        for key, value in self.raw:
            if key.lower() == wanted:
                return value.decode("latin-1")
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key.decode("latin-1").lower() for key, _ in self.raw))

    def __len__(self) -> int:
        return len({key.lower() for key, _ in self.raw})

    def __repr__(self) -> str:
        return f"Headers({list(self)})"

    def all(self, name: str) -> list[str]:
        """Every value of `name`, in the order in which they came."""
        wanted = name.lower().encode("latin-1", "replace")
        return [value.decode("latin-1") for key, value in self.raw if key.lower() == wanted]


class Refusal(Exception):  # noqa: N818 - it is an answer, not a defect
    """The request is answered with an error of the contract's form."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers = headers

    def answer(self) -> "Answer":
        """The error body of UDC §4."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details is not None:
            error["details"] = dict(self.details)
        return Answer(self.status, {"error": error}, self.headers)


@dataclass(slots=True)
class Answer:
    """What goes back: a JSON value, or raw bytes of another media type."""

    status: int
    value: Any = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    raw: bytes | None = None
    media_type: bytes = JSON
    judged: bool = False
    """Whether the schema of its operation has been asked; one that is sent again is not."""

    @property
    def body(self) -> bytes:
        if self.raw is None:
            self.raw = dumps(self.value).encode()
        return self.raw


class Request:
    """One request on its way through a fake; what is not yet known stands on the class."""

    body: bytes = b""
    params: Mapping[str, str] = MappingProxyType({})
    claims: Mapping[str, Any] | None = None
    json: Any = None
    problems: tuple[Problem, ...] = ()
    refusal: str | None = None
    route: "Route | None" = None
    fault: "Fault | None" = None
    has_body: bool = False
    media_type: bytes | None = None
    credentials: bytes | None = None
    """The Authorization value; None where there is none, or more than one."""

    def __init__(self, scope: Mapping[str, Any], now: float) -> None:
        raw, client = scope.get("raw_path"), scope.get("client")
        self.started = perf_counter()
        self.time = now
        self.method: str = scope["method"]
        self.path: str = raw.decode("latin-1") if raw else quote(scope["path"], safe="/%")
        """As sent: percent-encoded, without the query."""
        self.query: str = scope["query_string"].decode("latin-1")
        self.headers: RawHeaders = scope["headers"]
        self.client: str | None = client[0] if client else None
        given = 0
        for name, value in self.headers:
            if name == b"authorization":
                self.credentials = value
                given += 1
            elif name in _BODIES:
                self.has_body = True
            elif name == b"content-type":
                self.media_type = value
        if given > 1:
            self.credentials = None

    def value(self) -> Any:
        """The JSON value of the body; refuses another media type, and what is no JSON."""
        if self.media_type is not None and not is_json(self.media_type):
            raise Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json.")
        try:
            return strict_loads(self.body)
        except JsonError as error:
            raise Refusal(400, "MALFORMED_JSON", f"The body is no JSON: {error}.") from None


def is_json(media_type: bytes) -> bool:
    """Whether a Content-Type names JSON: `application/json` or `…+json`, parameters allowed."""
    if media_type == JSON:
        return True
    essence = media_type.partition(b";")[0].strip().lower()
    return essence == JSON or (essence.startswith(b"application/") and essence.endswith(b"+json"))


async def read_body(receive: Any) -> bytes:
    """The whole body; refuses more than a megabyte without reading on."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts = [body]
        size = len(body)
        while message.get("more_body") and size <= LARGEST_BODY:
            message = await receive()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        body = b"".join(parts)
    if len(body) > LARGEST_BODY:
        raise Refusal(
            413,
            "BODY_TOO_LARGE",
            "The body is larger than a megabyte.",
            headers=((b"connection", b"close"),),
        )
    return body
