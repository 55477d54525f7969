"""A right droplet on Starlette and joserfc.

Legal differences: a middleware answers 401 to whatever has no valid token, before anybody asks
whether the path, the method or the body is right (only /health is open); everything that the
contract leaves optional is there: checks, metrics, an OpenAPI document, a callback endpoint,
dependencies with hosts and impact, active_connections, last_activity.

Run: python main.py [PORT]
"""

import asyncio
import ipaddress
import json
import logging
import math
import os
import pathlib
import re
import sys
import time
from collections import Counter, deque
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from urllib.parse import quote, urlparse
from uuid import uuid4

import httpx
import uvicorn
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

VERSION = "1.0.3"
CAPABILITIES = ["report_generation"]
MAX_BODY = 2**20
LOG = logging.getLogger("reports")


def now_text(epoch=None):
    moment = datetime.now(timezone.utc) if epoch is None else datetime.fromtimestamp(epoch, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class OneLine(logging.Formatter):
    def format(self, record):
        data = dict(time=now_text(record.created), level=record.levelname, logger=record.name)
        data["message"] = record.getMessage()
        if record.exc_info:
            data["exception"] = self.formatException(record.exc_info)
        return json.dumps(data)


class Config:
    def __init__(self, environ, port=None):
        self.registry = environ.get("REGISTRY_URL", "").rstrip("/") or "http://registry:8000"
        self.orchestrator = environ.get("ORCHESTRATOR_URL", "").rstrip("/") or "http://orchestrator:8001"
        self.name = environ.get("SERVICE_NAME", "") or "starlette-middleware"
        self.droplet_id = self._int(environ.get("DROPLET_ID"), 61)
        self.port = int(port) if port else self._int(environ.get("SERVICE_PORT"), 8061, 65535)
        self.development = environ.get("ENVIRONMENT") == "development"
        level = environ.get("LOG_LEVEL", "INFO")
        self.log_level = level if level in ("DEBUG", "INFO", "WARNING", "ERROR") else "INFO"

    @staticmethod
    def _int(text, default, most=2**31 - 1):
        return int(text) if text and re.fullmatch("[0-9]{1,10}", text) and 0 < int(text) <= most else default


class Refusal(Exception):
    def __init__(self, status, code, message, details=None):
        self.status, self.code, self.message, self.details = status, code, message, details

    def response(self):
        error = {"code": self.code, "message": self.message}
        if self.details:
            error["details"] = self.details
        headers = {}
        if self.status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="udc"'
        if self.status == 503:
            headers["Retry-After"] = "5"
        return JSONResponse({"error": error}, self.status, headers)


# --------------------------------------------------------------------------- measurements


class Measurements:
    """What /state, the beats and /metrics tell, from one book."""

    EDGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

    def __init__(self):
        self.open = 0
        self.minute = deque(maxlen=100_000)
        self.answers = Counter()
        self.buckets = {}
        self.last = None

    def book(self, method, endpoint, status, seconds):
        self.minute.append((time.monotonic(), seconds, status >= 500))
        self.last = time.time()
        self.answers[method, endpoint, status] += 1
        line = self.buckets.setdefault((method, endpoint), [[0] * len(self.EDGES), 0.0, 0])
        for i, edge in enumerate(self.EDGES):
            line[0][i] += seconds <= edge
        line[1] += seconds
        line[2] += 1

    def now(self):
        since = time.monotonic() - 60
        while self.minute and self.minute[0][0] < since:
            self.minute.popleft()
        n = len(self.minute)
        return {
            "requests_per_minute": float(n),
            "average_response_time_ms": round(1000 * sum(m[1] for m in self.minute) / n, 3) if n else 0.0,
            "error_rate_percent": round(100 * sum(m[2] for m in self.minute) / n, 3) if n else 0.0,
            "requests_total": sum(self.answers.values()),
        }

    def exposition(self):
        lines = ["# HELP http_requests_total Total HTTP requests", "# TYPE http_requests_total counter"]
        for (method, endpoint, status), n in sorted(self.answers.items()):
            lines.append(f'http_requests_total{{method="{method}",endpoint="{endpoint}",status="{status}"}} {n}')
        name = "http_request_duration_seconds"
        lines += [f"# HELP {name} HTTP request duration", f"# TYPE {name} histogram"]
        for (method, endpoint), (counts, total, n) in sorted(self.buckets.items()):
            labels = f'method="{method}",endpoint="{endpoint}"'
            for edge, count in zip(self.EDGES, counts):
                lines.append(f'{name}_bucket{{{labels},le="{edge}"}} {count}')
            lines.append(f'{name}_bucket{{{labels},le="+Inf"}} {n}')
            lines.append(f"{name}_sum{{{labels}}} {total:.9f}")
            lines.append(f"{name}_count{{{labels}}} {n}")
        return "\n".join(lines) + "\n"


# --------------------------------------------------------------------------- the platform


class Platform:
    """Registry and Orchestrator, as this droplet sees them."""

    def __init__(self, config, measurements):
        self.config = config
        self.measurements = measurements
        self.token = self.service_id = None
        self.renew_at = math.inf
        self.ends_at = math.inf
        self.up = {"registry": None, "orchestrator": None}
        self.registering = asyncio.Lock()
        self.client = httpx.AsyncClient(trust_env=False, timeout=30)

    async def send(self, method, url, *, limit, token=None, json_body=None):
        """One exchange: a deadline over all of it, at most a megabyte of answer, no redirects."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with asyncio.timeout(limit):
            async with self.client.stream(method, url, json=json_body, headers=headers) as response:
                raw = bytearray()
                async for piece in response.aiter_bytes():
                    raw += piece
                    if len(raw) > MAX_BODY:
                        raise ValueError("an answer of more than a megabyte")
        try:
            return response.status_code, json.loads(bytes(raw))
        except (ValueError, RecursionError):
            return response.status_code, None

    async def register(self, instead_of=None):
        """Get a token. Who comes with one that is not the latest has been overtaken, and is served."""
        async with self.registering:
            if instead_of is not None and self.token != instead_of:
                return
            status, answer = await self.send(
                "POST",
                self.config.registry + "/register",
                limit=10,
                json_body={
                    "name": self.config.name,
                    "droplet_id": self.config.droplet_id,
                    "port": self.config.port,
                    "health_endpoint": "/health",
                    "capabilities": CAPABILITIES,
                    "version": VERSION,
                    "udc_compliant": True,
                },
            )
            if status != 201:
                raise RuntimeError(f"the Registry answered {status} instead of 201")
            answer = answer if isinstance(answer, dict) else {}
            token, service_id = answer.get("token"), answer.get("service_id")
            if not (isinstance(token, str) and token and type(service_id) is int):
                raise RuntimeError("the Registry gave no token and service_id")
            self.token, self.service_id = token, service_id
            self.up["registry"] = True
            life = self.life_of(token)
            self.ends_at = time.monotonic() + life
            self.renew_at = time.monotonic() + life - min(60, life / 5) if life < math.inf else math.inf
            LOG.info("registered as service %d", service_id)

    @staticmethod
    def life_of(token):
        try:
            claims = json.loads(jws.extract_compact(token.encode()).payload)
            life = float(claims["exp"]) - float(claims.get("iat", time.time()))
        except Exception:
            return math.inf
        return life if life > 0 else math.inf

    async def hold_registration(self):
        """Until it is done, with waits of 1, 2, 4, 8 and then always 10 seconds."""
        for attempt in range(10**9):
            try:
                return await self.register()
            except Exception as error:
                wait = min(2 ** min(attempt, 4), 10)
                self.up["registry"] = False
                LOG.warning("POST /register failed (%s), again in %d s", self.words(error), wait)
                await asyncio.sleep(wait)

    async def with_token(self, method, path_or_url, **more):
        """A call as this droplet; a refused token is replaced once."""
        token = self.token
        status, body = await self.send(method, path_or_url, token=token, **more)
        if status == 401:
            LOG.warning("401 to this droplet's token, registering again")
            await self.register(instead_of=token)
            status, body = await self.send(method, path_or_url, token=self.token, **more)
        return status, body

    async def beat(self):
        if time.monotonic() >= self.ends_at:
            await self.hold_registration()
        elif time.monotonic() >= self.renew_at:
            try:
                await self.register()
            except Exception as error:
                LOG.warning("renewing the token failed (%s)", self.words(error))
        numbers = self.measurements.now()
        status, _ = await self.with_token(
            "POST",
            self.config.orchestrator + "/heartbeat",
            limit=5,
            json_body={
                "service_id": self.service_id,
                "service_name": self.config.name,
                "status": "active",
                "metrics": {
                    "requests_per_minute": numbers["requests_per_minute"],
                    "error_rate": numbers["error_rate_percent"],
                    "requests_total": numbers["requests_total"],
                    "active_connections": self.measurements.open,
                },
            },
        )
        if not 200 <= status <= 299:
            raise RuntimeError(f"the Orchestrator answered {status}")

    async def live(self):
        await self.hold_registration()
        at = time.monotonic()
        while True:
            try:
                await self.beat()
                self.up["orchestrator"] = True
                LOG.debug("beat")
            except Exception as error:
                self.up["orchestrator"] = False
                LOG.error("POST /heartbeat failed (%s)", self.words(error))
            at = at + 60 if time.monotonic() < at + 60 else time.monotonic()
            await asyncio.sleep(at - time.monotonic())

    async def watch(self):
        """Look every 20 s whether both are there."""
        while True:
            await asyncio.sleep(20)
            for name, url in (("registry", self.config.registry), ("orchestrator", self.config.orchestrator)):
                try:
                    status, _ = await self.send("GET", url + "/health", limit=4)
                    there = status == 200
                except Exception as error:
                    there = False
                    LOG.warning("GET /health of the %s failed (%s)", name, self.words(error))
                self.up[name] = there

    async def call_back(self, url, body):
        for wait in (1, 2, None):
            try:
                status, _ = await self.with_token("POST", url, limit=10, json_body=body)
                if status < 300:
                    return LOG.info("callback for %s taken", body["message_id"])
                again = status in (429, 502, 503, 504)
                what = f"status {status}"
            except httpx.ConnectError as error:
                again, what = True, self.words(error)
            except Exception as error:
                again, what = False, self.words(error)
            LOG.error("callback for %s failed (%s)", body["message_id"], what)
            if wait is None or not again:
                return
            await asyncio.sleep(wait)

    async def knows(self, url, sender):
        """Whether the URL is the Orchestrator's or some registered service's."""
        spot = spot_of(url)
        if spot == spot_of(self.config.orchestrator):
            return True
        async with asyncio.timeout(4):
            for path in (f"/services/by-name/{quote(sender, safe='')}", "/services"):
                status, body = await self.with_token("GET", self.config.registry + path, limit=4)
                if status == 404:
                    continue
                if status != 200:
                    raise RuntimeError(f"the Registry answered {status} to {path}")
                if isinstance(body, dict):
                    body = body.get("services", [body])
                for service in body if isinstance(body, list) else []:
                    if isinstance(service, dict) and (str(service.get("host")).lower(), service.get("port")) == spot[1:]:
                        return True
        return False

    @staticmethod
    def words(error):
        return f"{type(error).__name__}: {error}".rstrip(": ")


def spot_of(url):
    """(scheme, host, port) of a URL that can be called, or None."""
    if not isinstance(url, str) or len(url) > 2048 or not re.fullmatch(r"https?://[!-\[\]-~]+", url, re.I):
        return None
    try:
        parts = urlparse(url)
        host = (parts.hostname or "").lower()
        port = parts.port if parts.port is not None else {"http": 80, "https": 443}[parts.scheme]
    except ValueError:
        return None
    if "@" in parts.netloc or port == 0 or not host:
        return None
    if "[" in parts.netloc:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            return None
    elif not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", host):
        return None
    return parts.scheme, host, port


# --------------------------------------------------------------------------- tokens


class Verifier:
    """Tells whose a token is."""

    HEADERS = jws.JWSRegistry(algorithms=["RS256"], strict_check_header=False)

    def __init__(self, platform):
        self.platform = platform
        self.url = platform.config.registry + "/auth/public-key"
        self.key = self.pem = None
        self.lock = asyncio.Lock()
        self.tried_at = -math.inf
        self.tickets = deque([-math.inf] * 3, maxlen=3)

    async def fetch(self):
        self.tried_at = time.monotonic()
        try:
            status, body = await self.platform.send("GET", self.url, limit=5)
            if status != 200:
                raise RuntimeError(f"status {status}")
            pem = body["public_key"]
            if not pem.lstrip().startswith("-----BEGIN PUBLIC KEY-----"):
                raise ValueError("no public key in PEM")
            if pem != self.pem:
                self.key, self.pem = RSAKey.import_key(pem), pem
        except Exception as error:
            self.tried_at = time.monotonic()
            LOG.error("GET /auth/public-key failed (%s)", Platform.words(error))

    async def refresh(self):
        while True:
            await asyncio.sleep(200)
            await self.fetch()

    async def claims(self, values):
        words = [w for w in re.split("[ \t]+", values[0])] if len(values) == 1 else []
        words = [w for w in words if w]
        if len(words) != 2 or words[0].lower() != "bearer":
            raise ValueError("no bearer token")
        token = words[1]
        if not re.fullmatch(r"([\w-]+)\.([\w-]+)\.([\w-]+)", token, re.A) or len(token) > 8000:
            raise ValueError("no compact token")
        header = jws.extract_compact(token.encode(), registry=self.HEADERS).headers()
        if header.get("alg") != "RS256" or "crit" in header or "b64" in header:
            raise ValueError("no plain RS256")
        if self.key is None:
            async with self.lock:
                if self.key is None and time.monotonic() - self.tried_at > 1:
                    await self.fetch()
        key = self.key
        if key is None:
            raise Refusal(503, "KEY_UNAVAILABLE", "The Registry's public key is not to be had at present")
        try:
            signed = jws.deserialize_compact(token, key, registry=self.HEADERS)
        except BadSignatureError:
            signed = jws.deserialize_compact(token, await self.next_key(key), registry=self.HEADERS)
        claims = json.loads(signed.payload)
        exp = claims["exp"]
        if isinstance(exp, bool) or not isinstance(exp, (int, float)) or not math.inf > exp > time.time():
            raise ValueError("expired, or exp is no time")
        if isinstance(claims["service_id"], bool) or not isinstance(claims["service_id"], int):
            raise ValueError("service_id is no integer")
        if not isinstance(claims["service_name"], str) or not claims["service_name"]:
            raise ValueError("service_name is no name")
        return claims

    async def next_key(self, bad):
        """The key that replaced the bad one. Three looks in thirty seconds, no more."""
        async with self.lock:
            now = time.monotonic()
            if self.key is bad and now - self.tickets[0] > 30:
                self.tickets.append(now)
                await self.fetch()
        if self.key is bad:
            raise ValueError("the signature does not verify")
        return self.key


# --------------------------------------------------------------------------- middleware


class Outermost:
    """Books every answer, puts the security headers on it, and turns a bug into a 500 in form."""

    HEADERS = [
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"x-xss-protection", b"1; mode=block"),
    ]

    def __init__(self, app, measurements, paths):
        self.app, self.measurements, self.paths = app, measurements, paths

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        began, booked = time.perf_counter(), False

        async def outgoing(event):
            nonlocal booked
            if event["type"] == "http.response.start":
                booked = True
                method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "PUT", "DELETE") else "OTHER"
                endpoint = self.template(scope["path"])
                self.measurements.book(method, endpoint, event["status"], time.perf_counter() - began)
                event = {**event, "headers": [*event.get("headers", []), *self.HEADERS]}
            await send(event)

        self.measurements.open += 1
        try:
            await self.app(scope, receive, outgoing)
        except Exception:
            LOG.exception("unhandled")
            if not booked:
                problem = Refusal(500, "INTERNAL_ERROR", "Something failed inside")
                await problem.response()(scope, receive, outgoing)
        finally:
            self.measurements.open -= 1

    def template(self, path):
        return next((known for known, shape in self.paths.items() if shape.fullmatch(path)), "other")


class Bounded:
    """Reads the body before anybody else, and no more than a megabyte of it."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        body, size, more = bytearray(), 0, True
        while more and size <= 32 * MAX_BODY:
            event = await receive()
            if event["type"] == "http.disconnect":
                return None
            piece = event.get("body", b"")
            size += len(piece)
            if size <= MAX_BODY:
                body += piece
            more = event.get("more_body", False)
        if size > MAX_BODY:
            response = Refusal(413, "BODY_TOO_LARGE", "A body may have one megabyte").response()
            if more:
                response.headers["Connection"] = "close"
            return await response(scope, receive, send)
        given = False

        async def replay():
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        return await self.app(scope, replay, send)


class Authenticated:
    """Lets nobody through without a token, except to /health."""

    def __init__(self, app, verifier):
        self.app, self.verifier = app, verifier

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["path"] != "/health":
            values = [v.decode("latin-1") for k, v in scope["headers"] if k == b"authorization"]
            try:
                scope["caller"] = await self.verifier.claims(values)
            except Refusal as refusal:
                return await refusal.response()(scope, receive, send)
            except Exception as error:
                LOG.warning("refused: %s", type(error).__name__ if type(error) is not ValueError else error)
                refusal = Refusal(401, "UNAUTHORIZED", "Come with a valid bearer token")
                return await refusal.response()(scope, receive, send)
        return await self.app(scope, receive, send)


# --------------------------------------------------------------------------- the application


class Application:
    def __init__(self, config):
        self.config = config
        self.born = time.monotonic()
        self.measurements = Measurements()
        self.tasks = set()
        self.reports = {"daily": "Sales of the day", "weekly": "Sales of the week"}
        self.document = json.loads((pathlib.Path(__file__).parent / "openapi.json").read_text())
        self.document["info"]["version"] = VERSION

    def spawn(self, coroutine):
        task = asyncio.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    @asynccontextmanager
    async def lifespan(self, app):
        for work in (self.platform.live(), self.platform.watch(), self.verifier.refresh()):
            self.spawn(work)
        yield
        for task in list(self.tasks):
            task.cancel()
        await self.platform.client.aclose()

    async def health(self, request):
        checks = {
            "registration": "healthy" if self.platform.token else "unhealthy",
            "registry": "unhealthy" if self.platform.up["registry"] is False else "healthy",
            "orchestrator": "unhealthy" if self.platform.up["orchestrator"] is False else "healthy",
        }
        return JSONResponse(
            {
                "status": "degraded" if "unhealthy" in checks.values() else "healthy",
                "timestamp": now_text(),
                "uptime_seconds": int(time.monotonic() - self.born),
                "version": VERSION,
                "checks": checks,
            }
        )

    async def capabilities(self, request):
        return JSONResponse(
            {
                "service_name": self.config.name,
                "droplet_id": self.config.droplet_id,
                "capabilities": CAPABILITIES,
                "supported_operations": ["list_reports", "get_report"],
                "integration_endpoints": [
                    {"path": path, "method": method, "description": does}
                    for path, method, _, does in self.table()
                ],
                "version": VERSION,
            }
        )

    async def state(self, request):
        return JSONResponse(
            {
                "status": "active" if self.platform.token else "inactive",
                "mode": "development" if self.config.development else "production",
                "metrics": self.measurements.now(),
                "active_connections": self.measurements.open,
                "last_activity": now_text(self.measurements.last),
            }
        )

    async def dependencies(self, request):
        def item(name, url, **more):
            status = "connected" if self.platform.up[name] else "disconnected"
            parts = urlparse(url)
            host = f"{parts.hostname}:{parts.port or 80}"
            return {"name": name, "type": "service", "status": status, "host": host, **more}

        orchestrator = item("orchestrator", self.config.orchestrator, impact="No tasks and no beats")
        return JSONResponse(
            {
                "required_services": [item("registry", self.config.registry)],
                "optional_services": [orchestrator],
                "external_apis": [],
            }
        )

    async def message(self, request):
        body = await self.json_object(request)
        details = {}
        if not isinstance(body.get("from_service"), str) or not body["from_service"]:
            details["from_service"] = "a non-empty string is required"
        if body.get("message_type") not in ["task_assignment", "status_update", "query"]:
            details["message_type"] = "task_assignment, status_update or query is required"
        if not isinstance(body.get("payload"), dict):
            details["payload"] = "an object is required"
        reply_to = body.get("reply_to")
        if reply_to is not None and spot_of(reply_to) is None:
            details["reply_to"] = "an absolute http or https URL is required"
        if details:
            raise Refusal(400, "VALIDATION_ERROR", "This is no message", details)
        sender = request.scope["caller"]["service_name"]
        if body["from_service"] != sender:
            LOG.warning("refused: from_service is another than the token's service")
            raise Refusal(403, "FORBIDDEN", "A message is sent in one's own name")
        if reply_to is not None:
            await self.guard(reply_to, sender)
        message_id = f"msg-{uuid4().hex}"
        result = {"accepted": body["message_type"], "reports": sorted(self.reports)}
        if reply_to is None:
            return self.receipt(message_id, "completed", result=result)
        outcome = {"message_id": message_id, "status": "completed", "result": result, "from_service": self.config.name}
        self.spawn(self.platform.call_back(reply_to, outcome))
        return self.receipt(message_id, "processing")

    async def guard(self, reply_to, sender):
        try:
            known = await self.platform.knows(reply_to, sender)
        except Exception as error:
            LOG.error("asking the Registry about a reply_to failed (%s)", Platform.words(error))
            raise Refusal(503, "REGISTRY_UNAVAILABLE", "The Registry cannot be asked about reply_to") from None
        if not known:
            LOG.warning("refused: a reply_to that the Registry does not know")
            raise Refusal(400, "VALIDATION_ERROR", "This is no message", {"reply_to": "no registered service is there"})

    @staticmethod
    def receipt(message_id, status, **more):
        return JSONResponse({"received": True, "message_id": message_id, "status": status, **more})

    async def callback(self, request):
        await self.json_object(request)
        return JSONResponse({"received": True})

    @staticmethod
    async def json_object(request):
        raw = await request.body()
        media = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if raw and media != "application/json" and not media.endswith("+json"):
            raise Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "application/json is wanted")
        try:
            body = json.loads(raw, parse_constant=lambda word: 1 / 0)
        except (ValueError, RecursionError, ZeroDivisionError):
            raise Refusal(400, "INVALID_JSON", "The body is not JSON") from None
        if not isinstance(body, dict):
            raise Refusal(400, "INVALID_JSON", "The body is not an object")
        return body

    async def list_reports(self, request):
        return JSONResponse({"data": sorted(self.reports), "meta": {"timestamp": now_text(), "version": VERSION}})

    async def get_report(self, request):
        report = self.reports.get(request.path_params["name"])
        if report is None:
            raise Refusal(404, "NOT_FOUND", "There is no such report")
        return JSONResponse({"data": {"title": report}, "meta": {"timestamp": now_text(), "version": VERSION}})

    async def metrics(self, request):
        return Response(self.measurements.exposition(), headers={"content-type": "text/plain; version=0.0.4; charset=utf-8"})

    async def openapi(self, request):
        return JSONResponse(self.document)

    def table(self):
        return [
            ("/health", "GET", self.health, "How it is"),
            ("/capabilities", "GET", self.capabilities, "What it can do"),
            ("/state", "GET", self.state, "What it does"),
            ("/dependencies", "GET", self.dependencies, "What it needs"),
            ("/message", "POST", self.message, "Takes messages"),
            ("/callback", "POST", self.callback, "Takes outcomes"),
            ("/metrics", "GET", self.metrics, "Prometheus metrics"),
            ("/openapi.json", "GET", self.openapi, "This API in OpenAPI"),
            ("/reports", "GET", self.list_reports, "All reports"),
            ("/reports/{name}", "GET", self.get_report, "One report"),
        ]

    @staticmethod
    async def plain(request, error):
        code = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(error.status_code, "HTTP_ERROR")
        response = Refusal(error.status_code, code, str(error.detail)).response()
        response.headers.update(error.headers or {})
        return response

    @staticmethod
    async def refused(request, refusal):
        return refusal.response()

    def asgi(self):
        app = Starlette(
            routes=[Route(path, handler, methods=[method]) for path, method, handler, _ in self.table()],
            exception_handlers={HTTPException: self.plain, Refusal: self.refused},
            lifespan=self.lifespan,
        )
        app.router.redirect_slashes = False
        shapes = {path: re.compile(re.sub(r"\{\w+\}", "[^/]+", path)) for path, *_ in self.table()}

        async def wired(scope, receive, send):
            if scope["type"] == "lifespan":
                self.platform = Platform(self.config, self.measurements)
                self.verifier = Verifier(self.platform)
                guarded.verifier = self.verifier
            await outermost(scope, receive, send)

        guarded = Authenticated(app, None)
        outermost = Outermost(Bounded(guarded), self.measurements, shapes)
        return wired


if __name__ == "__main__":
    config = Config(os.environ, sys.argv[1] if len(sys.argv) > 1 else None)
    stream = logging.StreamHandler(sys.stdout)
    stream.setFormatter(OneLine())
    logging.basicConfig(level=config.log_level, handlers=[stream])
    for noisy in ("httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    uvicorn.run(
        Application(config).asgi(),
        host="127.0.0.1",
        port=config.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
