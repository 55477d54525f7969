"""A right droplet on Flask, waitress and python-jose. Legal difference: it serves /metrics.

Threaded. Every message is completed in its answer, so no callback is ever owed.
Run: python app.py [PORT]
"""

import asyncio
import base64
import ipaddress
import json
import logging
import os
import re
import signal
import sys
import threading
import time
import uuid
from collections import deque
from datetime import datetime, timezone
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from flask import Flask, Response, g, request
from jose import jwk, jws
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from waitress import create_server
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from werkzeug.exceptions import HTTPException

VERSION = "1.4.0"
STARTED = time.monotonic()
BODY_LIMIT = 1024 * 1024


# --- settings --------------------------------------------------------------------------------


def integer(name, default, low, high):
    try:
        value = int(os.environ.get(name, ""))
    except ValueError:
        return default
    return value if low <= value <= high else default


def word(name, default, allowed):
    value = os.environ.get(name, "").strip()
    return value if value in allowed else default


REGISTRY = os.environ.get("REGISTRY_URL", "http://registry:8000").rstrip("/")
ORCHESTRATOR = os.environ.get("ORCHESTRATOR_URL", "http://orchestrator:8001").rstrip("/")
NAME = os.environ.get("SERVICE_NAME", "").strip() or "flask-metrics"
DROPLET_ID = integer("DROPLET_ID", 21, 1, 2**31 - 1)
PORT = int(sys.argv[1]) if len(sys.argv) > 1 else integer("SERVICE_PORT", 8021, 1, 65535)
MODE = word("ENVIRONMENT", "production", ("production", "development", "staging"))
LOG_LEVEL = word("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
CAPABILITIES = ["text_statistics"]


# --- one JSON object per log line ----------------------------------------------------------------


class Lines(logging.Formatter):
    def format(self, record):
        line = {
            "timestamp": utc(record.created),
            "level": record.levelname,
            "service": NAME,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def utc(seconds=None):
    moment = datetime.fromtimestamp(time.time() if seconds is None else seconds, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


output = logging.StreamHandler(sys.stdout)
output.setFormatter(Lines())
logging.basicConfig(level=LOG_LEVEL, handlers=[output], force=True)
for chatty in ("httpx", "httpcore", "asyncio"):
    logging.getLogger(chatty).setLevel(logging.WARNING)
log = logging.getLogger("droplet")


# --- what it measures ------------------------------------------------------------------------


class Traffic:
    """Requests of the last minute, and of the whole life."""

    def __init__(self):
        self.lock = threading.Lock()
        self.recent = deque(maxlen=100_000)
        self.total = 0
        self.last = None

    def add(self, seconds, failed):
        with self.lock:
            self.recent.append((time.monotonic(), seconds, failed))
            self.total += 1
            self.last = time.time()

    def numbers(self):
        with self.lock:
            edge = time.monotonic() - 60
            while self.recent and self.recent[0][0] < edge:
                self.recent.popleft()
            count = len(self.recent)
            spent = sum(entry[1] for entry in self.recent)
            failed = sum(1 for entry in self.recent if entry[2])
            total = self.total
        return {
            "requests_per_minute": float(count),
            "average_response_time_ms": round(1000 * spent / count, 3) if count else 0.0,
            "error_rate_percent": round(100 * failed / count, 3) if count else 0.0,
            "requests_total": total,
        }


traffic = Traffic()
collectors = CollectorRegistry()
requests_total = Counter(
    "http_requests_total",
    "Total HTTP requests",
    ["method", "endpoint", "status"],
    registry=collectors,
)
request_duration = Histogram(
    "http_request_duration_seconds",
    "HTTP request duration",
    ["method", "endpoint"],
    registry=collectors,
)


# --- the outgoing side: one event loop in a thread of its own ------------------------------------


class Link:
    """Registration, beats and the public key. All coroutines run on the loop of one thread."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.token = None
        self.service_id = None
        self.expires = None
        self.lifetime = None

    def start(self):
        threading.Thread(target=self._run, name="link", daemon=True).start()

    def _run(self):
        asyncio.set_event_loop(self.loop)
        self.client = httpx.AsyncClient(trust_env=False, follow_redirects=False)
        self.loop.create_task(self._live())
        self.loop.create_task(self._refresh_key())
        self.loop.run_forever()

    async def call(self, limit, method, url, **more):
        async with asyncio.timeout(limit):
            return await self.client.request(method, url, timeout=limit, **more)

    async def register(self):
        answer = await self.call(
            10,
            "POST",
            REGISTRY + "/register",
            json={
                "name": NAME,
                "droplet_id": DROPLET_ID,
                "port": PORT,
                "health_endpoint": "/health",
                "capabilities": CAPABILITIES,
                "version": VERSION,
                "udc_compliant": True,
            },
        )
        if answer.status_code != 201:
            raise RuntimeError(f"the Registry answered {answer.status_code} to the registration")
        given = answer.json()
        token = given.get("token") if isinstance(given, dict) else None
        number = given.get("service_id") if isinstance(given, dict) else None
        if not isinstance(token, str) or not token or type(number) is not int:
            raise RuntimeError("the Registry answered 201 without a token and a service_id")
        self.expires = expiry(token)
        self.lifetime = None if self.expires is None else max(0, self.expires - time.time())
        self.token, self.service_id = token, number
        log.info("registered with the Registry as service %d", number)

    async def register_until_done(self):
        delay = 1
        while True:
            try:
                return await self.register()
            except Exception as error:  # whatever it is, the droplet lives on and tries again
                log.warning("registration failed, next try in %d s: %s", delay, describe(error))
            await asyncio.sleep(delay)
            delay = min(2 * delay, 10)

    async def ready_token(self):
        """Renew the token when less than a fifth of its life, or a minute, is left."""
        if self.expires is None or self.token is None:
            return
        left = self.expires - time.time()
        if left > min(60, self.lifetime / 5):
            return
        try:
            await self.register()
        except Exception as error:
            log.warning("renewal of the token failed: %s", describe(error))
            if left <= 1:
                await self.register_until_done()

    async def _live(self):
        await self.register_until_done()
        due = time.monotonic()
        while True:
            began = time.monotonic()
            try:
                await self.beat()
            except Exception as error:
                log.error("heartbeat to the Orchestrator failed: %s", describe(error))
            due = (due if began - due < 2 else began) + 60
            if time.monotonic() > due:
                due = time.monotonic()
            await asyncio.sleep(max(0, due - time.monotonic()))

    async def beat(self):
        await self.ready_token()
        answer = await self._beat_once()
        if answer.status_code == 401:
            log.warning("the Orchestrator refused the token, registering again")
            await self.register()
            answer = await self._beat_once()
        if not 200 <= answer.status_code < 300:
            raise RuntimeError(f"it answered {answer.status_code}")
        log.debug("heartbeat accepted")

    async def _beat_once(self):
        now = traffic.numbers()
        return await self.call(
            5,
            "POST",
            ORCHESTRATOR + "/heartbeat",
            headers={"Authorization": "Bearer " + self.token},
            json={
                "service_id": self.service_id,
                "service_name": NAME,
                "status": "active",
                "metrics": {
                    "requests_per_minute": now["requests_per_minute"],
                    "error_rate": now["error_rate_percent"],
                    "requests_total": now["requests_total"],
                },
            },
        )

    async def fetch_key(self):
        answer = await self.call(5, "GET", REGISTRY + "/auth/public-key")
        if answer.status_code != 200:
            raise RuntimeError(f"the Registry answered {answer.status_code} for its public key")
        pem = answer.json()["public_key"]
        if not isinstance(load_pem_public_key(pem.encode()), RSAPublicKey):
            raise RuntimeError("the Registry's public key is no RSA key")
        return pem

    async def _refresh_key(self):
        while True:
            await asyncio.sleep(240)
            try:
                keys.accept(await self.fetch_key())
            except Exception as error:
                log.warning("the cached public key stays: %s", describe(error))


def expiry(token):
    """What the droplet's own token says of its end; None where it cannot be read."""
    try:
        exp = json.loads(decoded(token.split(".")[1]))["exp"]
        return float(exp)
    except Exception:
        return None


def describe(error):
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


link = Link()


class Keys:
    """The Registry's public key: fetched when first needed, kept, fetched anew when it may have changed."""

    def __init__(self):
        self.lock = threading.Lock()
        self.pem = None
        self.key = None
        self.failed_at = None
        self.allowance = 3.0
        self.refilled = time.monotonic()

    def accept(self, pem):
        if pem != self.pem:
            self.key = jwk.construct(pem, "RS256")
            self.pem = pem

    def first(self):
        if self.key is not None:
            return self.key
        with self.lock:
            recently = self.failed_at is not None and time.monotonic() - self.failed_at < 1
            if self.key is None and not recently:
                self._fetch()
            return self.key

    def newer_than(self, known):
        """After a verification failure: at most three fetches at once, then one in ten seconds."""
        with self.lock:
            if self.key is not known:
                return self.key
            now = time.monotonic()
            self.allowance = min(3.0, self.allowance + (now - self.refilled) / 10)
            self.refilled = now
            if self.allowance >= 1:
                self.allowance -= 1
                self._fetch()
            return self.key

    def _fetch(self):
        work = asyncio.run_coroutine_threadsafe(link.fetch_key(), link.loop)
        try:
            self.accept(work.result(6))
        except Exception as error:
            self.failed_at = time.monotonic()
            log.error("cannot fetch the public key from the Registry: %s", describe(error))


keys = Keys()


# --- the incoming side ------------------------------------------------------------------------


class Problem(Exception):
    def __init__(self, status, code, message, **details):
        super().__init__(message)
        self.status, self.code, self.message, self.details = status, code, message, details


def decoded(segment):
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def refused(why):
    log.warning("refused a request to %s: %s", request.url_rule, why)
    return Problem(401, "UNAUTHORIZED", "A valid bearer token is required")


def caller():
    """The claims of the request's token."""
    parts = re.split(r"[ \t]+", request.headers.get("Authorization", "").strip(" \t"))
    if len(parts) != 2 or parts[0].lower() != "bearer":
        raise refused("no bearer token")
    token = parts[1]
    if len(token) > 8192 or not COMPACT.fullmatch(token):
        raise refused("the token has no compact form")
    try:
        header = json.loads(decoded(token.split(".")[0]))
    except (ValueError, RecursionError):
        raise refused("the token's header is unreadable") from None
    if not isinstance(header, dict) or header.get("alg") != "RS256" or "crit" in header:
        raise refused("the token is not plain RS256")
    key = keys.first()
    if key is None:
        raise Problem(503, "KEY_UNAVAILABLE", "Tokens cannot be verified at present")
    payload = verified(token, key)
    if payload is None:
        newer = keys.newer_than(key)
        payload = verified(token, newer) if newer is not key else None
    if payload is None:
        raise refused("the signature does not verify")
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise refused("the claims are no object")
    exp = claims.get("exp")
    if type(exp) not in (int, float) or not time.time() < exp < float("inf"):
        raise refused("the token has expired, or says not when it does")
    name = claims.get("service_name")
    if type(claims.get("service_id")) is not int or not isinstance(name, str) or not name:
        raise refused("the token does not say whose it is")
    return claims


def verified(token, key):
    try:
        return jws.verify(token, key, ["RS256"])
    except Exception:
        return None


app = Flask(__name__, static_folder=None)
app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
app.url_map.merge_slashes = False


def answer(body, status=200):
    return Response(json.dumps(body), status=status, content_type="application/json")


@app.before_request
def note_start():
    g.began = time.perf_counter()


@app.after_request
def finish(response):
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["X-XSS-Protection"] = "1; mode=block"
    response.headers.setdefault("Cache-Control", "no-store")
    took = time.perf_counter() - g.get("began", time.perf_counter())
    traffic.add(took, response.status_code >= 500)
    method = request.method if request.method in METHODS else "OTHER"
    endpoint = request.path if request.path in PATHS else "unmatched"
    requests_total.labels(method, endpoint, str(response.status_code)).inc()
    request_duration.labels(method, endpoint).observe(took)
    return response


@app.errorhandler(Problem)
def on_problem(problem):
    error = {"code": problem.code, "message": problem.message}
    if problem.details:
        error["details"] = problem.details
    response = answer({"error": error}, problem.status)
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if problem.status == 503:
        response.headers["Retry-After"] = "5"
    return response


@app.errorhandler(HTTPException)
def on_http(error):
    code = re.sub(r"[^A-Z]+", "_", (error.name or "error").upper()).strip("_")
    response = answer({"error": {"code": code, "message": error.name}}, error.code or 500)
    if getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


@app.errorhandler(Exception)
def on_bug(error):
    log.exception("unhandled error")
    return answer({"error": {"code": "INTERNAL_ERROR", "message": "Something went wrong here"}}, 500)


def route(path, method):
    return app.route(path, methods=[method], provide_automatic_options=False)


@route("/health", "GET")
def health():
    return answer(
        {
            "status": "healthy" if link.token else "degraded",
            "timestamp": utc(),
            "uptime_seconds": int(time.monotonic() - STARTED),
            "version": VERSION,
        }
    )


@route("/capabilities", "GET")
def capabilities():
    return answer(
        {
            "service_name": NAME,
            "droplet_id": DROPLET_ID,
            "capabilities": CAPABILITIES,
            "supported_operations": ["count_words"],
            "integration_endpoints": [
                {"path": "/health", "method": "GET", "description": "How this droplet is"},
                {"path": "/capabilities", "method": "GET", "description": "What it can do"},
                {"path": "/state", "method": "GET", "description": "What it is doing"},
                {"path": "/dependencies", "method": "GET", "description": "What it needs"},
                {"path": "/message", "method": "POST", "description": "Takes a message"},
                {"path": "/metrics", "method": "GET", "description": "Prometheus metrics"},
            ],
            "version": VERSION,
        }
    )


@route("/state", "GET")
def state():
    caller()
    body = {
        "status": "active" if link.token else "inactive",
        "mode": "development" if MODE == "development" else "production",
        "metrics": traffic.numbers(),
    }
    if traffic.last is not None:
        body["last_activity"] = utc(traffic.last)
    return answer(body)


@route("/dependencies", "GET")
def dependencies():
    caller()
    return answer({"required_services": [], "optional_services": [], "external_apis": []})


@route("/message", "POST")
def message():
    claims = caller()
    body = read_json()
    sender, kind, payload = body.get("from_service"), body.get("message_type"), body.get("payload")
    if not isinstance(sender, str) or not sender:
        raise invalid("from_service", "a non-empty string")
    if kind not in ("task_assignment", "status_update", "query"):
        raise invalid("message_type", "task_assignment, status_update or query")
    if not isinstance(payload, dict):
        raise invalid("payload", "an object")
    if body.get("reply_to") is not None and not usable(body["reply_to"]):
        raise invalid("reply_to", "an absolute http or https URL of a service")
    if sender != claims["service_name"]:
        log.warning("a message names another sender than its token")
        raise Problem(403, "SENDER_MISMATCH", "from_service is not the service of the token")
    text = payload.get("text")
    words = len(text.split()) if isinstance(text, str) else 0
    return answer(
        {
            "received": True,
            "message_id": f"msg-{uuid.uuid4()}",
            "status": "completed",
            "result": {"words": words},
        }
    )


def read_json():
    try:
        raw = request.get_data(cache=False)
    except OSError:
        raise Problem(400, "BAD_REQUEST", "The body could not be read") from None
    json_type = request.mimetype == "application/json" or request.mimetype.endswith("+json")
    if raw and not json_type:
        raise Problem(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise Problem(400, "INVALID_JSON", "The body is not the JSON that was announced") from None
    if not isinstance(body, dict):
        raise Problem(400, "INVALID_BODY", "The body must be a JSON object")
    return body


def invalid(field, wanted):
    return Problem(400, "VALIDATION_ERROR", f"{field} must be {wanted}", field=field)


def usable(url):
    """Nothing is ever sent there; still, what could not be sent to is refused."""
    if not isinstance(url, str) or len(url) > 2048 or not re.fullmatch(r"[!-~]+", url):
        return False
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host or port == 0 or "@" in parts.netloc:
        return False
    if "\\" in url:
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        labels = host.removesuffix(".").split(".")
        numeric = re.fullmatch(r"0[xX][0-9a-fA-F]*|[0-9]+", labels[-1])
        plain = all(re.fullmatch(r"[A-Za-z0-9_-]+", label) for label in labels)
        return plain and not numeric and "[" not in parts.netloc
    address = getattr(address, "ipv4_mapped", None) or address
    return not (address.is_link_local or address.is_multicast or address.is_unspecified)


@route("/metrics", "GET")
def metrics():
    return Response(
        generate_latest(collectors), content_type="text/plain; version=0.0.4; charset=utf-8"
    )


PATHS = frozenset(rule.rule for rule in app.url_map.iter_rules())
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class Parser(HTTPRequestParser):
    """Waitress waits for ever for the body that an Expect header without a body announces."""

    def parse_header(self, header_plus):
        super().parse_header(header_plus)
        if self.body_rcv is None:
            self.expect_continue = False


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # What migrations and a cold cache cost others: it neither listens nor registers meanwhile.
    time.sleep(float(os.environ.get("STARTS_AFTER", "0")))
    HTTPChannel.parser_class = Parser
    server = create_server(
        app,
        host="127.0.0.1",
        port=PORT,
        threads=48,
        ident=None,
        max_request_body_size=2 * BODY_LIMIT,
        clear_untrusted_proxy_headers=True,
    )
    link.start()
    log.info("listening on port %d", PORT)
    server.run()
