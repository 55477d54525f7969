"""A right droplet on aiohttp and PyJWT.

Legal differences: 60 s of leeway on exp; /capabilities wants a token; 422 for a bad body; 503 while
unhealthy, which it says of itself until it is registered. A message with reply_to is worked on and
answered there, one without is completed at once.

Run: python droplet.py [PORT]
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import json
import logging
import os
import secrets
import string
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import aiohttp
import jwt
from aiohttp import web
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from yarl import URL

VERSION = "2.1.0"
LEEWAY = 60
LARGEST_BODY = 1 << 20
SEGMENT = frozenset(string.ascii_letters + string.digits + "-_")

logger = logging.getLogger("aiohttp_pyjwt")


@dataclass(frozen=True)
class Settings:
    registry: str
    orchestrator: str
    name: str
    droplet_id: int
    port: int
    mode: str
    log_level: str

    @classmethod
    def read(cls, env: dict[str, str], arguments: list[str]) -> Settings:
        def number(text: str | None, default: int, most: int) -> int:
            if text and text.isascii() and text.isdigit() and 1 <= int(text) <= most:
                return int(text)
            return default

        level = env.get("LOG_LEVEL", "INFO").upper()
        return cls(
            registry=(env.get("REGISTRY_URL") or "http://registry:8000").rstrip("/"),
            orchestrator=(env.get("ORCHESTRATOR_URL") or "http://orchestrator:8001").rstrip("/"),
            name=env.get("SERVICE_NAME") or "aiohttp-pyjwt",
            droplet_id=number(env.get("DROPLET_ID"), 41, 2**31),
            port=number(arguments[0] if arguments else env.get("SERVICE_PORT"), 8041, 65535),
            mode="development" if env.get("ENVIRONMENT") == "development" else "production",
            log_level=level if level in {"DEBUG", "INFO", "WARNING", "ERROR"} else "INFO",
        )


class JsonFormatter(logging.Formatter):
    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": iso(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname,
            "service": self.service,
            "event": record.getMessage(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def iso(moment: datetime | None = None) -> str:
    return (moment or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def said(error: BaseException) -> str:
    return f"{type(error).__name__} {error}".strip()


class Fault(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, code: str, message: str, details: dict[str, Any] | None = None):
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details


@dataclass
class Meter:
    """What happened in the last minute."""

    seen: deque[tuple[float, float, bool]] = field(default_factory=lambda: deque(maxlen=200_000))
    total: int = 0
    last_activity: str | None = None

    def note(self, seconds: float, failed: bool) -> None:
        self.seen.append((time.monotonic(), seconds, failed))
        self.total += 1
        self.last_activity = iso()

    def read(self) -> dict[str, float]:
        horizon = time.monotonic() - 60
        while self.seen and self.seen[0][0] < horizon:
            self.seen.popleft()
        n = len(self.seen)
        return {
            "requests_per_minute": n,
            "average_response_time_ms": round(sum(s for _, s, _ in self.seen) / n * 1e3, 3) if n else 0,
            "error_rate_percent": round(sum(f for _, _, f in self.seen) / n * 1e2, 3) if n else 0,
            "requests_total": self.total,
        }


class Web:
    """Outgoing calls: one session, a deadline over the whole exchange, no redirects."""

    def __init__(self) -> None:
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    async def ask(
        self, method: str, url: str, *, within: float, token: str | None = None, body: Any = None
    ) -> tuple[int, Any]:
        """The status and the parsed body; None where that is no JSON."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.session.request(
            method,
            URL(url, encoded=True),
            json=body,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=within),
        ) as response:
            raw = b""
            while chunk := await response.content.read(65536):
                raw += chunk
                if len(raw) > LARGEST_BODY:
                    raise aiohttp.ClientPayloadError("the answer is too large")
            try:
                return response.status, json.loads(raw)
            except (ValueError, RecursionError):
                return response.status, None


class Registrar:
    """Gets a token, keeps it fresh, and gets another where it was refused."""

    def __init__(self, settings: Settings, web_: Web, capabilities: list[str]) -> None:
        self.settings = settings
        self.web = web_
        self.capabilities = capabilities
        self.service_id: int | None = None
        self._token: str | None = None
        self._ends = float("inf")
        self._ready = asyncio.Event()
        self._refused = asyncio.Event()

    @property
    def registered(self) -> bool:
        return self._token is not None and time.monotonic() < self._ends

    async def token(self) -> str:
        """A token that holds; waits for one where there is none."""
        while not self.registered:
            self._ready.clear()
            await self._ready.wait()
        assert self._token is not None
        return self._token

    def refuse(self, token: str) -> None:
        if token == self._token:
            self._token = None
            self._ready.clear()
            self._refused.set()

    async def run(self) -> None:
        while True:
            life = await self._obtain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._refused.wait(), max(5, life * 0.8) if life else None)
            self._refused.clear()

    async def _obtain(self) -> float | None:
        pause = 1
        while True:
            try:
                return await self._register()
            except Exception as error:
                logger.warning("POST /register at the Registry failed, again in %d s: %s", pause, said(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, 10)

    async def _register(self) -> float | None:
        status, given = await self.web.ask(
            "POST",
            f"{self.settings.registry}/register",
            within=10,
            body={
                "name": self.settings.name,
                "droplet_id": self.settings.droplet_id,
                "port": self.settings.port,
                "health_endpoint": "/health",
                "capabilities": self.capabilities,
                "version": VERSION,
                "udc_compliant": True,
            },
        )
        if status != 201:
            raise RuntimeError(f"status {status} where 201 was expected")
        match given:
            case {"token": str(token), "service_id": int(number)} if token and number is not True:
                pass
            case _:
                raise RuntimeError("the answer has no token or no service_id")
        life = self._life(token)
        self._ends = time.monotonic() + life if life else float("inf")
        self._token, self.service_id = token, number
        self._ready.set()
        logger.info("registered, service_id %d", number)
        return life

    @staticmethod
    def _life(token: str) -> float | None:
        """How long the token holds by its own words, whatever this machine's clock says."""
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
            life = claims["exp"] - claims.get("iat", time.time())
            return life if 0 < life < float("inf") else None
        except Exception:
            return None


class Keyring:
    """The Registry's public key."""

    def __init__(self, settings: Settings, web_: Web) -> None:
        self.url = f"{settings.registry}/auth/public-key"
        self.web = web_
        self.key: rsa.RSAPublicKey | None = None
        self._pem = ""
        self._fetched = 0.0
        self._failed = float("-inf")
        self._credit = 3.0
        self._credited = time.monotonic()
        self._work: asyncio.Task[None] | None = None

    async def get(self) -> rsa.RSAPublicKey | None:
        """The cached key, five minutes old at most while the Registry answers; None without any."""
        now = time.monotonic()
        if self.key is None and (self._work or now - self._failed > 1):
            await self._refresh()
        elif self.key is not None and now - self._fetched > 300 and now - self._failed > 30:
            self._refresh()
        return self.key

    async def after_failure(self, tried: rsa.RSAPublicKey) -> rsa.RSAPublicKey | None:
        """The key after a signature did not verify: fetched again, three times and then every 8 s."""
        if self.key is tried:
            now = time.monotonic()
            self._credit = min(3.0, self._credit + (now - self._credited) / 8)
            self._credited = now
            if self._work:
                await self._refresh()
            elif self._credit >= 1:
                self._credit -= 1
                await self._refresh()
        return self.key

    def _refresh(self) -> asyncio.Future[None]:
        if self._work is None:
            self._work = asyncio.create_task(self._fetch())
        return asyncio.shield(self._work)

    async def _fetch(self) -> None:
        try:
            status, body = await self.web.ask("GET", self.url, within=5)
            if status != 200:
                raise RuntimeError(f"status {status}")
            pem = body["public_key"]
            if pem != self._pem:
                key = serialization.load_pem_public_key(pem.encode())
                if not isinstance(key, rsa.RSAPublicKey):
                    raise TypeError("not an RSA key")
                self.key, self._pem = key, pem
            self._fetched = time.monotonic()
        except (Exception, UnsupportedAlgorithm) as error:
            self._failed = time.monotonic()
            logger.error("GET /auth/public-key at the Registry failed: %s", said(error))
        finally:
            self._work = None


class Droplet:
    CAPABILITIES = ["echo_analysis"]

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.born = time.monotonic()
        self.meter = Meter()
        self.background: set[asyncio.Task[Any]] = set()

    # -- life ---------------------------------------------------------------------------------

    async def start(self) -> None:
        self.web = Web()
        self.registrar = Registrar(self.settings, self.web, self.CAPABILITIES)
        self.keyring = Keyring(self.settings, self.web)
        self.spawn(self.registrar.run())
        self.spawn(self.beats())

    async def stop(self) -> None:
        for task in list(self.background):
            task.cancel()
        await asyncio.gather(*self.background, return_exceptions=True)
        await self.web.session.close()

    def spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)

    async def beats(self) -> None:
        await self.registrar.token()
        planned = time.monotonic()
        while True:
            await self.registrar.token()
            begun = time.monotonic()
            if begun - planned > 2:
                planned = begun
            try:
                await self.beat()
                logger.debug("beat accepted")
            except Exception as error:
                logger.error("POST /heartbeat at the Orchestrator failed: %s", said(error))
            planned += 60
            await asyncio.sleep(max(0.0, planned - time.monotonic()))

    async def beat(self) -> None:
        for _ in range(2):
            token = await asyncio.wait_for(self.registrar.token(), 20)
            measured = self.meter.read()
            status, _ = await self.web.ask(
                "POST",
                f"{self.settings.orchestrator}/heartbeat",
                within=5,
                token=token,
                body={
                    "service_id": self.registrar.service_id,
                    "service_name": self.settings.name,
                    "status": "active",
                    "metrics": {
                        "requests_per_minute": measured["requests_per_minute"],
                        "error_rate": measured["error_rate_percent"],
                        "requests_total": measured["requests_total"],
                    },
                },
            )
            if status != 401:
                break
            logger.warning("the Orchestrator refused the token")
            self.registrar.refuse(token)
        if not 200 <= status < 300:
            raise RuntimeError(f"status {status}")

    # -- who asks -----------------------------------------------------------------------------

    async def caller(self, request: web.Request) -> dict[str, Any]:
        def refused(reason: str) -> Fault:
            logger.warning("401 on %s: %s", request.path[:80], reason)
            return Fault(401, "UNAUTHORIZED", "This needs a valid bearer token")

        values = request.headers.getall("Authorization", [])
        words = values[0].replace("\t", " ").split(" ") if len(values) == 1 else []
        words = [word for word in words if word]
        if len(words) != 2 or words[0].lower() != "bearer":
            raise refused("no bearer token")
        token = words[1]
        segments = token.split(".")
        if len(segments) != 3 or len(token) > 8192 or not all(s and SEGMENT.issuperset(s) for s in segments):
            raise refused("not a signed token")
        try:
            header = json.loads(base64.urlsafe_b64decode(segments[0] + "=="))
        except (ValueError, RecursionError, binascii.Error):
            header = None
        if not isinstance(header, dict) or header.get("alg") != "RS256" or "crit" in header:
            raise refused("not signed by RS256")
        key = await self.keyring.get()
        if key is None:
            raise Fault(503, "SERVICE_UNAVAILABLE", "No key to verify tokens with, try again soon")
        try:
            claims = self.decode(token, key)
        except jwt.InvalidSignatureError:
            newer = await self.keyring.after_failure(key)
            if newer is None or newer is key:
                raise refused("bad signature") from None
            try:
                claims = self.decode(token, newer)
            except Exception:
                raise refused("bad signature") from None
        except Exception as error:
            raise refused(f"unreadable token, {type(error).__name__}") from None
        exp = claims.get("exp")
        if type(exp) not in (int, float) or not time.time() - LEEWAY < exp < float("inf"):
            raise refused("expired")
        if type(claims.get("service_id")) is not int:
            raise refused("no service_id")
        if not isinstance(claims.get("service_name"), str) or not claims["service_name"]:
            raise refused("no service_name")
        return claims

    @staticmethod
    def decode(token: str, key: rsa.RSAPublicKey) -> dict[str, Any]:
        ours = ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
        options: Any = {f"verify_{claim}": False for claim in ours}
        return jwt.decode(token, key, algorithms=["RS256"], options=options)

    # -- the five endpoints ---------------------------------------------------------------------

    async def health(self, request: web.Request) -> web.Response:
        well = self.registrar.registered
        return web.json_response(
            {
                "status": "healthy" if well else "unhealthy",
                "timestamp": iso(),
                "uptime_seconds": int(time.monotonic() - self.born),
                "version": VERSION,
            },
            status=200 if well else 503,
        )

    async def capabilities(self, request: web.Request) -> web.Response:
        await self.caller(request)
        endpoints = [
            ("GET", "/health", "Whether the droplet is well"),
            ("GET", "/capabilities", "What the droplet offers"),
            ("GET", "/state", "What the droplet is at"),
            ("GET", "/dependencies", "What the droplet leans on"),
            ("POST", "/message", "Takes a message and answers to reply_to"),
        ]
        return web.json_response(
            {
                "service_name": self.settings.name,
                "droplet_id": self.settings.droplet_id,
                "capabilities": self.CAPABILITIES,
                "supported_operations": ["analyse_payload"],
                "integration_endpoints": [
                    {"path": path, "method": method, "description": text}
                    for method, path, text in endpoints
                ],
                "version": VERSION,
            }
        )

    async def state(self, request: web.Request) -> web.Response:
        await self.caller(request)
        body: dict[str, Any] = {
            "status": "active" if self.registrar.registered else "inactive",
            "mode": self.settings.mode,
            "metrics": self.meter.read(),
        }
        if self.meter.last_activity:
            body["last_activity"] = self.meter.last_activity
        return web.json_response(body)

    async def dependencies(self, request: web.Request) -> web.Response:
        await self.caller(request)
        return web.json_response({"required_services": [], "optional_services": [], "external_apis": []})

    async def message(self, request: web.Request) -> web.Response:
        claims = await self.caller(request)
        message = await self.valid_message(request)
        if message["from_service"] != claims["service_name"]:
            logger.warning("403: from_service contradicts the token")
            raise Fault(403, "FORBIDDEN", "from_service must be the service of the token")
        message_id = f"msg-{secrets.token_hex(12)}"
        result = {"members": len(message["payload"])}
        receipt: dict[str, Any] = {"received": True, "message_id": message_id}
        if message.get("reply_to") is None:
            return web.json_response(receipt | {"status": "completed", "result": result})
        await self.guard(message["reply_to"], claims["service_name"])
        self.spawn(self.call_back(message["reply_to"], message_id, result))
        return web.json_response(receipt | {"status": "processing"})

    async def valid_message(self, request: web.Request) -> dict[str, Any]:
        try:
            raw = await request.read()
        except web.HTTPException:
            raise
        except Exception:
            raise Fault(400, "BAD_REQUEST", "The body could not be read") from None
        kind = request.content_type
        if raw and kind != "application/json" and not kind.endswith("+json"):
            raise Fault(415, "UNSUPPORTED_MEDIA_TYPE", "Send application/json")
        try:
            message = json.loads(raw)
        except (ValueError, RecursionError):
            raise Fault(422, "VALIDATION_ERROR", "The body is no JSON that can be read") from None
        if not isinstance(message, dict):
            raise Fault(422, "VALIDATION_ERROR", "The body is no JSON object")
        wrong = {}
        if not isinstance(message.get("from_service"), str) or not message["from_service"]:
            wrong["from_service"] = "must be a non-empty string"
        kinds = ("task_assignment", "status_update", "query")
        if message.get("message_type") not in kinds:
            wrong["message_type"] = f"must be one of {', '.join(kinds)}"
        if not isinstance(message.get("payload"), dict):
            wrong["payload"] = "must be an object"
        if message.get("reply_to") is not None and self.place(message["reply_to"]) is None:
            wrong["reply_to"] = "must be an absolute http or https URL"
        if wrong:
            raise Fault(422, "VALIDATION_ERROR", "The message does not hold what it must", wrong)
        return message

    # -- replies ------------------------------------------------------------------------------

    @staticmethod
    def place(text: Any) -> tuple[str, str, int] | None:
        """Scheme, host and port of a URL that could be called; None for anything else."""
        if not isinstance(text, str) or not 8 < len(text) <= 2048 or "\\" in text:
            return None
        if not text.lower().startswith(("http://", "https://")) or not all("!" <= c <= "~" for c in text):
            return None
        try:
            url = URL(text, encoded=True)
            host, port = url.host, url.port
        except ValueError:
            return None
        if not host or not port or "@" in url.raw_authority or "%" in host:
            return None
        return url.scheme, host.lower(), port

    async def guard(self, reply_to: str, sender: str) -> None:
        """Only where the Registry knows a service, or the Orchestrator lives, does our token go."""
        place = self.place(reply_to)
        if place == self.place(self.settings.orchestrator + "/"):
            return
        assert place is not None
        _, host, port = place
        try:
            async with asyncio.timeout(4):
                services = [await self.look_up(f"/services/by-name/{quote(sender, safe='')}")]
                if not self.among(services, host, port):
                    listed = await self.look_up("/services")
                    services = listed.get("services") if isinstance(listed, dict) else listed
        except Exception as error:
            logger.error("looking up the host of a reply_to failed: %s", said(error))
            raise Fault(503, "SERVICE_UNAVAILABLE", "The Registry cannot be asked about reply_to") from None
        if not self.among(services, host, port):
            logger.warning("a reply_to names a host that the Registry does not know")
            problem = {"reply_to": "must be at a service that the Registry knows"}
            raise Fault(422, "VALIDATION_ERROR", "The reply_to is not acceptable", problem)

    @staticmethod
    def among(services: Any, host: str, port: int) -> bool:
        for service in services if isinstance(services, list) else []:
            if isinstance(service, dict) and service.get("port") == port:
                names = (service.get("host"), service.get("name"))
                if any(isinstance(name, str) and name.lower() == host for name in names):
                    return True
        return False

    async def look_up(self, path: str) -> Any:
        for _ in range(2):
            token = await self.registrar.token()
            status, body = await self.web.ask("GET", self.settings.registry + path, within=4, token=token)
            if status != 401:
                break
            self.registrar.refuse(token)
        if status in (200, 404):
            return body if status == 200 else None
        raise RuntimeError(f"status {status} for GET {path}")

    async def call_back(self, url: str, message_id: str, result: dict[str, Any]) -> None:
        """Up to three tries, 1 s and 2 s apart; a second one only where the first was not taken."""
        body = {
            "message_id": message_id,
            "status": "completed",
            "result": result,
            "from_service": self.settings.name,
        }
        renewed = False
        pauses = [1, 2]
        while True:
            token = await self.registrar.token()
            try:
                status, _ = await self.web.ask("POST", url, within=10, token=token, body=body)
                what, again = f"status {status}", status in (408, 429, 502, 503, 504)
            except aiohttp.ClientConnectorError as error:
                status, what, again = 0, said(error), True
            except Exception as error:
                status, what, again = 0, said(error), False
            if 200 <= status < 300:
                logger.info("called back for %s", message_id)
                return
            logger.error("callback for %s failed: %s", message_id, what)
            if status == 401 and not renewed:
                renewed = True
                self.registrar.refuse(token)
            elif again and pauses:
                await asyncio.sleep(pauses.pop(0))
            else:
                return


def problem_response(fault: Fault) -> web.Response:
    error: dict[str, Any] = {"code": fault.code, "message": str(fault)}
    if fault.details:
        error["details"] = fault.details
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "3"}}.get(fault.status)
    return web.json_response({"error": error}, status=fault.status, headers=headers)


def application(settings: Settings) -> web.Application:
    droplet = Droplet(settings)

    @web.middleware
    async def outermost(request: web.Request, handler: Any) -> web.StreamResponse:
        started = time.perf_counter()
        try:
            response = await handler(request)
        except Fault as fault:
            response = problem_response(fault)
        except web.HTTPException as plain:
            code = plain.reason.upper().replace(" ", "_").replace("'", "")
            response = problem_response(Fault(plain.status, code, plain.reason))
            if "Allow" in plain.headers:
                response.headers["Allow"] = plain.headers["Allow"]
        except Exception:
            logger.exception("unhandled error")
            response = problem_response(Fault(500, "INTERNAL_ERROR", "An internal error occurred"))
        droplet.meter.note(time.perf_counter() - started, response.status >= 500)
        return response

    async def secure(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["X-XSS-Protection"] = "1; mode=block"
        response.headers.popall("Server", None)

    async def living(app: web.Application) -> Any:
        await droplet.start()
        yield
        await droplet.stop()

    app = web.Application(middlewares=[outermost], client_max_size=LARGEST_BODY)
    app.on_response_prepare.append(secure)
    app.cleanup_ctx.append(living)
    app.add_routes(
        [
            web.get("/health", droplet.health),
            web.get("/capabilities", droplet.capabilities),
            web.get("/state", droplet.state),
            web.get("/dependencies", droplet.dependencies),
            web.post("/message", droplet.message),
        ]
    )
    return app


def main() -> None:
    settings = Settings.read(dict(os.environ), sys.argv[1:])
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(settings.name))
    logging.basicConfig(level=settings.log_level, handlers=[handler])
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # what clients send amiss

    async def serve() -> None:
        runner = web.AppRunner(
            application(settings),
            access_log=None,
            handle_signals=True,
            max_line_size=65536,
            max_field_size=65536,
            shutdown_timeout=1,
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", settings.port, backlog=256).start()
            logger.info("serving on port %d", settings.port)
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    with contextlib.suppress(KeyboardInterrupt, web.GracefulExit):
        asyncio.run(serve())


if __name__ == "__main__":
    main()
