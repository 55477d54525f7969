"""A right droplet on Starlette, as two uvicorn workers behind one port.

Legal difference: each worker registers, holds its own token, beats and fetches the key by itself
(a warning in the fault-free scenario, no failure). Messages are completed in their answers.

Run: python pair.py [PORT]
"""

import asyncio
import contextlib
import json
import logging
import os
import re
import sys
import time
import typing
import urllib.parse
import uuid
from datetime import datetime, timedelta, timezone

import aiohttp
import jwt.api_jws
import uvicorn
from cryptography.hazmat.primitives import serialization
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

VERSION = "4.0.0"
WORKERS = 2
BORN = "PAIR_BORN"  # when the parent started, on the monotonic clock that all processes share
LIMIT = 1024 * 1024
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def env(name, default, pattern=".+"):
    value = os.environ.get(name, "")
    return value if re.fullmatch(pattern, value) else default


def utc(moment=None):
    return (moment or datetime.now(timezone.utc)).isoformat(timespec="microseconds")[:26] + "Z"


class JsonFormatter(logging.Formatter):
    def format(self, record):
        parts = {"ts": utc(), "lvl": record.levelname, "pid": record.process, "msg": record.getMessage()}
        if record.exc_info:
            parts["exc"] = self.formatException(record.exc_info)
        return json.dumps(parts)


logger = logging.getLogger("pair")


class Worker:
    """One of the two: its own registration, its own beats, its own key."""

    def __init__(self):
        self.registry = env("REGISTRY_URL", "http://registry:8000").rstrip("/")
        self.orchestrator = env("ORCHESTRATOR_URL", "http://orchestrator:8001").rstrip("/")
        self.name = env("SERVICE_NAME", "two-workers")
        self.droplet_id = int(env("DROPLET_ID", "91", r"[1-9][0-9]{0,8}"))
        self.port = int(env("SERVICE_PORT", "8091", r"[1-9][0-9]{0,4}"))
        self.mode = env("ENVIRONMENT", "production", "production|development")
        self.born = float(os.environ.get(BORN, time.monotonic()))
        self.token = self.service_id = self.verifying = self.verifying_pem = None
        self.until = self.renewal = None
        self.key_retry = self.key_time = 0.0
        self.key_allowance = [0.0, 0.0, 0.0]
        self.seen = []
        self.count = 0
        self.latest = None
        self.fetching = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def lifespan(self, app):
        timeout = aiohttp.ClientTimeout(total=15)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as self.http:
            heart = asyncio.create_task(self.heart())
            keeper = asyncio.create_task(self.keep_key())
            yield
            for task in (heart, keeper):
                task.cancel()
            await asyncio.wait([heart, keeper])

    async def fetch(self, method, url, total, **options) -> tuple[int, typing.Any]:
        limit = aiohttp.ClientTimeout(total=total)
        async with self.http.request(method, url, timeout=limit, allow_redirects=False, **options) as answer:
            text = b""
            async for piece in answer.content.iter_chunked(16384):
                text += piece
                if len(text) > LIMIT:
                    raise ValueError("answer too long")
            try:
                return answer.status, json.loads(text)
            except (ValueError, RecursionError):
                return answer.status, None

    # ---- registration, beats

    async def register(self):
        status, given = await self.fetch(
            "POST",
            self.registry + "/register",
            10,
            json={
                "name": self.name,
                "droplet_id": self.droplet_id,
                "port": self.port,
                "health_endpoint": "/health",
                "capabilities": ["pairing"],
                "version": VERSION,
                "udc_compliant": True,
            },
        )
        if status != 201:
            raise ValueError(f"Registry answered {status}")
        if not isinstance(given, dict) or type(given.get("service_id")) is not int:
            raise ValueError("Registry answered without service_id")
        if not isinstance(given.get("token"), str) or not given["token"]:
            raise ValueError("Registry answered without token")
        self.token, self.service_id = given["token"], given["service_id"]
        self.until = self.renewal = None
        with contextlib.suppress(Exception):
            raw = jwt.api_jws.decode(self.token, options={"verify_signature": False})
            claims = json.loads(raw)
            seconds = float(claims["exp"] - claims["iat"])
            if seconds > 0:
                self.until = time.monotonic() + seconds
                self.renewal = self.until - min(120.0, seconds / 4)
        logger.info("worker registered, service_id %d", self.service_id)

    async def be_registered(self):
        for wait in self.waits():
            try:
                return await self.register()
            except Exception as error:
                logger.warning("worker could not register: %s; waiting %d s", self.short(error), wait)
                await asyncio.sleep(wait)

    @staticmethod
    def waits():
        yield from (1, 2, 4, 8)
        while True:
            yield 10

    @staticmethod
    def short(error):
        return f"{type(error).__name__} {error}"[:160].strip()

    async def heart(self):
        await self.be_registered()
        schedule = time.monotonic()
        while True:
            clock = time.monotonic()
            if self.until is not None and clock >= self.until:
                await self.be_registered()
                schedule = time.monotonic()
            elif self.renewal is not None and clock >= self.renewal:
                try:
                    await self.register()
                except Exception as error:
                    logger.warning("worker could not renew its token: %s", self.short(error))
            try:
                status = await self.beat()
                if status == 401:
                    logger.warning("worker's beat was refused, registering anew")
                    await self.register()
                    status = await self.beat()
                if status not in range(200, 300):
                    raise ValueError(f"Orchestrator answered {status}")
                logger.debug("worker's beat was taken")
            except Exception as error:
                logger.error("worker's beat failed: %s", self.short(error))
            schedule += 60
            await asyncio.sleep(max(schedule - time.monotonic(), 0))

    async def beat(self):
        numbers = self.numbers()
        metrics = {
            "requests_per_minute": numbers["requests_per_minute"],
            "error_rate": numbers["error_rate_percent"],
            "requests_total": numbers["requests_total"],
        }
        body = {"service_id": self.service_id, "service_name": self.name, "status": "active", "metrics": metrics}
        bearer = {"Authorization": f"Bearer {self.token}"}
        status, _ = await self.fetch("POST", self.orchestrator + "/heartbeat", 5, json=body, headers=bearer)
        return status

    # ---- numbers

    def note(self, took, status):
        self.seen.append((time.monotonic(), took, status >= 500))
        del self.seen[:-50_000]
        self.count += 1
        self.latest = utc()

    def numbers(self):
        start = time.monotonic() - 60
        self.seen = [one for one in self.seen if one[0] > start]
        n = len(self.seen)
        return {
            "requests_per_minute": n,
            "average_response_time_ms": round(sum(one[1] for one in self.seen) / n * 1000, 3) if n else 0,
            "error_rate_percent": round(sum(one[2] for one in self.seen) / n * 100, 3) if n else 0,
            "requests_total": self.count,
        }

    # ---- the key

    async def read_key(self):
        try:
            status, answer = await self.fetch("GET", self.registry + "/auth/public-key", 5)
            if status != 200:
                raise ValueError(f"Registry answered {status}")
            pem = answer["public_key"]
            if pem != self.verifying_pem:
                key = serialization.load_pem_public_key(pem.encode())
                if key.__class__.__name__ != "RSAPublicKey":
                    raise ValueError("no RSA key")
                self.verifying, self.verifying_pem = key, pem
        except Exception as error:
            self.key_retry = time.monotonic() + 1
            logger.error("worker got no public key: %s", self.short(error))

    async def keep_key(self):
        """From the start, so that an outage later does not find one worker with a key and one without."""
        while await self.first_key() is None:
            await asyncio.sleep(5)
        while True:
            await asyncio.sleep(180)
            await self.read_key()

    async def first_key(self):
        async with self.fetching:
            if self.verifying is None and time.monotonic() >= self.key_retry:
                await self.read_key()
        return self.verifying

    async def second_key(self, first):
        async with self.fetching:
            now = time.monotonic()
            free = [slot for slot, at in enumerate(self.key_allowance) if at <= now]
            if self.verifying is first and free:
                self.key_allowance[free[0]] = now + 30
                await self.read_key()
        return None if self.verifying is first else self.verifying

    def opened(self, token, key):
        """The payload, if the key signed it; else None."""
        try:
            return jwt.api_jws.decode(token, key, algorithms=["RS256"])
        except jwt.InvalidSignatureError:
            return None

    async def sender(self, request):
        try:
            (value,) = request.headers.getlist("authorization")
            scheme, token = [word for word in re.split("[\t ]", value) if word]
            if scheme.lower() != "bearer" or not re.fullmatch(r"([-\w]{1,4000}\.){2}[-\w]{1,4000}", token, re.A):
                raise ValueError("form")
            header = jwt.api_jws.get_unverified_header(token)
            if header["alg"] != "RS256" or "crit" in header:
                raise ValueError("algorithm")
            key = self.verifying or await self.first_key()
            if key is None:
                raise HTTPException(503, "No public key to verify the token with")
            payload = self.opened(token, key)
            if payload is None:
                other = await self.second_key(key)
                payload = self.opened(token, other) if other is not None else None
            if payload is None:
                raise ValueError("signature")
            match json.loads(payload):
                case {"exp": bool()} | {"service_id": bool()}:
                    raise ValueError("booleans")
                case {"exp": int() | float() as exp, "service_id": int(), "service_name": str(name)} if name:
                    if time.time() < exp < float("inf"):
                        return name
            raise ValueError("claims")
        except HTTPException:
            raise
        except Exception as error:
            why = str(error) if type(error) is ValueError and len(str(error)) < 20 else type(error).__name__
            logger.warning("request refused with 401: %s", why)
            raise HTTPException(401, "A valid bearer token is required", {"WWW-Authenticate": "Bearer"}) from None


worker = Worker()


# ---- endpoints


class Health(HTTPEndpoint):
    async def get(self, request):
        return JSONResponse(
            {
                "status": "healthy" if worker.token else "degraded",
                "timestamp": utc(),
                "uptime_seconds": int(time.monotonic() - worker.born),
                "version": VERSION,
            }
        )


class Capabilities(HTTPEndpoint):
    async def get(self, request):
        await worker.sender(request)
        listed = [
            {"path": "/health", "method": "GET", "description": "How the droplet is"},
            {"path": "/capabilities", "method": "GET", "description": "What the droplet can"},
            {"path": "/state", "method": "GET", "description": "How one worker is doing"},
            {"path": "/dependencies", "method": "GET", "description": "What the droplet needs"},
            {"path": "/message", "method": "POST", "description": "A message to the droplet"},
        ]
        return JSONResponse(
            {
                "service_name": worker.name,
                "droplet_id": worker.droplet_id,
                "capabilities": ["pairing"],
                "supported_operations": ["pair"],
                "integration_endpoints": listed,
                "version": VERSION,
            }
        )


class State(HTTPEndpoint):
    async def get(self, request):
        await worker.sender(request)
        status = "active" if worker.token else "inactive"
        body = {"status": status, "mode": worker.mode, "metrics": worker.numbers(), "last_activity": worker.latest}
        return JSONResponse({name: value for name, value in body.items() if value is not None})


class Dependencies(HTTPEndpoint):
    async def get(self, request):
        await worker.sender(request)
        return JSONResponse({"required_services": [], "optional_services": [], "external_apis": []})


class Message(HTTPEndpoint):
    async def post(self, request):
        sender = await worker.sender(request)
        raw = await request.body()
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if raw and not re.fullmatch(r"application/(.+\+)?json", kind):
            raise HTTPException(415, "The body must be application/json")
        try:
            message = json.loads(raw)
        except (ValueError, RecursionError):
            raise HTTPException(400, "The body must be JSON") from None
        match message:
            case {
                "from_service": str(name),
                "message_type": "task_assignment" | "status_update" | "query",
                "payload": dict(payload),
            } if name and (message.get("reply_to") is None or reachable(message["reply_to"])):
                pass
            case _:
                raise HTTPException(400, "The body must be a message: from_service, message_type, payload, reply_to")
        if name != sender:
            logger.warning("request refused with 403: another sender than the token's")
            raise HTTPException(403, "from_service must be the service of the token")
        pairs = list(zip(range(len(payload) // 2), range(len(payload) // 2)))
        identity = f"msg-{uuid.uuid4()}"
        return JSONResponse(
            {"received": True, "message_id": identity, "status": "completed", "result": {"pairs": len(pairs)}}
        )


def reachable(url):
    """Whether anybody could be called there; nobody is."""
    if not isinstance(url, str) or not re.fullmatch(r"https?://[!-\[\]-~]{1,2000}", url):
        return False
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or port == 0 or "@" in parts.netloc or host.startswith("169.254."):
        return False
    if "[" in parts.netloc:
        return bool(re.fullmatch(r"[0-9a-f:]+", host)) and not re.match(r"fe[89ab]|ff", host)
    labels = host.rstrip(".").split(".")
    if not all(re.fullmatch(r"[a-z0-9_-]+", label) for label in labels):
        return False
    if re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1]):
        return len(labels) == 4 and all(re.fullmatch(r"0|[1-9]\d{0,2}", label) for label in labels)
    return True


# ---- errors, and what is around everything


CODES = {400: "BAD_REQUEST", 401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED",
         413: "CONTENT_TOO_LARGE", 415: "UNSUPPORTED_MEDIA_TYPE", 500: "INTERNAL_ERROR", 503: "SERVICE_UNAVAILABLE"}  # fmt: skip


def problem(status, text, headers=None):
    code = CODES.get(status, "ERROR")
    return JSONResponse({"error": {"code": code, "message": text}}, status, headers)


async def on_http_exception(request, error):
    return problem(error.status_code, error.detail, error.headers)


def around(inner):
    async def application(scope, receive, send):
        if scope["type"] != "http":
            return await inner(scope, receive, send)
        started, began = time.perf_counter(), False

        async def answering(message):
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                worker.note(time.perf_counter() - started, message["status"])
                message["headers"] += [
                    (b"X-Content-Type-Options", b"nosniff"),
                    (b"X-Frame-Options", b"DENY"),
                    (b"X-XSS-Protection", b"1; mode=block"),
                ]
            await send(message)

        total, chunks, more = 0, [], True
        while more and total < 30 * LIMIT:
            part = await receive()
            if part["type"] != "http.request":
                return None
            more = part.get("more_body", False)
            total += len(part.get("body", b""))
            if total <= LIMIT:
                chunks.append(part.get("body", b""))
        if total > LIMIT:
            close = {"Connection": "close"} if more else None
            return await problem(413, "A body has a megabyte at most", close)(scope, receive, answering)
        bodies = iter([{"type": "http.request", "body": b"".join(chunks), "more_body": False}])

        async def receiving():
            return next(bodies, None) or await receive()

        try:
            await inner(scope, receiving, answering)
        except Exception:
            logger.exception("unhandled")
            if not began:
                await problem(500, "Something went wrong inside")(scope, receive, answering)

    return application


starlette = Starlette(
    routes=[
        Route("/health", Health),
        Route("/capabilities", Capabilities),
        Route("/state", State),
        Route("/dependencies", Dependencies),
        Route("/message", Message),
    ],
    exception_handlers={HTTPException: on_http_exception},
    lifespan=worker.lifespan,
)
starlette.router.redirect_slashes = False
application = around(starlette)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    if len(sys.argv) > 1:
        os.environ["SERVICE_PORT"] = sys.argv[1]
    os.environ[BORN] = repr(time.monotonic())
    level = env("LOG_LEVEL", "INFO", "|".join(LEVELS))
    sys.path.insert(0, here)
    uvicorn.run(
        "pair:application",
        host="127.0.0.1",
        port=int(env("SERVICE_PORT", "8091", r"[1-9][0-9]{0,4}")),
        workers=WORKERS,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        log_config={
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"()": "pair.JsonFormatter"}},
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}},
            "root": {"level": level, "handlers": ["out"]},
            "loggers": {"uvicorn": {"level": level}, "asyncio": {"level": "WARNING"}},
        },
    )


if __name__ == "__main__":
    main()
