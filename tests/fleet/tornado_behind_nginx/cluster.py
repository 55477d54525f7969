"""A right droplet as operators run one: nginx in front, two Tornado workers behind it.

Legal differences: what nginx says for itself (413, 414 and 400) is HTML; requests in a row are
answered by workers in turn, each with a key of its own; the process that registers and beats serves
nobody; the security headers are nginx's.

Run: python cluster.py [PORT]
"""

import asyncio
import http.client
import json
import multiprocessing
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from urllib.parse import urlsplit

import jwt
import tornado.httpclient
import tornado.httpserver
import tornado.web

VERSION = "5.1.0"
HERE = pathlib.Path(__file__).parent
RANKS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}
WINDOW = 60


class Config:
    def __init__(self, environ, argv):
        self.registry = environ.get("REGISTRY_URL", "http://registry:8000").rstrip("/")
        self.orchestrator = environ.get("ORCHESTRATOR_URL", "http://orchestrator:8001").rstrip("/")
        self.name = environ.get("SERVICE_NAME") or "tornado-behind-nginx"
        self.number = self._int(environ.get("DROPLET_ID"), 61)
        self.port = self._int(argv[1] if len(argv) > 1 else environ.get("SERVICE_PORT"), 8061)
        self.mode = "development" if environ.get("ENVIRONMENT") == "development" else "production"
        self.rank = RANKS.get(environ.get("LOG_LEVEL", "INFO"), 20)

    @staticmethod
    def _int(text, default):
        return int(text) if text and text.isascii() and text.isdigit() and 0 < int(text) < 2**31 else default


CONFIG = Config(os.environ, sys.argv)


def log(level, text, **fields):
    if RANKS[level] >= CONFIG.rank:
        row = {"at": zulu(), "level": level, "service": CONFIG.name, "pid": os.getpid(), "text": text, **fields}
        os.write(1, (json.dumps(row) + "\n").encode())


def zulu():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Shared:
    """What all processes see: when it began, whether it is registered, what was served."""

    def __init__(self, context):
        self.began = time.monotonic()
        self.registered = context.Value("b", 0)
        self.buckets = context.Array("d", WINDOW * 4)

    def count(self, seconds, failed):
        second = int(time.monotonic())
        place = second % WINDOW * 4
        with self.buckets.get_lock():
            if self.buckets[place] != second:
                self.buckets[place : place + 4] = [second, 0, 0, 0]
            self.buckets[place + 1] += 1
            self.buckets[place + 2] += seconds
            self.buckets[place + 3] += failed

    def numbers(self):
        edge = int(time.monotonic()) - WINDOW
        with self.buckets.get_lock():
            cells = list(self.buckets)
        rows = [cells[at : at + 4] for at in range(0, len(cells), 4) if cells[at] > edge]
        count = sum(row[1] for row in rows)
        return {
            "requests_per_minute": int(count),
            "average_response_time_ms": round(1000 * sum(row[2] for row in rows) / count, 3) if count else 0,
            "error_rate_percent": round(100 * sum(row[3] for row in rows) / count, 2) if count else 0,
        }


async def fetch(method, url, *, token=None, body=None, timeout):
    """The status and the JSON object of an answer ({} where it is none). Raises OSError."""
    headers = {"Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if body is not None:
        headers["Content-Type"] = "application/json"
    request = tornado.httpclient.HTTPRequest(
        url,
        method,
        headers,
        body=None if body is None else json.dumps(body),
        connect_timeout=timeout,
        request_timeout=timeout,
        follow_redirects=False,
    )
    try:
        response = await tornado.httpclient.AsyncHTTPClient().fetch(request, raise_error=False)
    except Exception as error:
        raise OSError(f"{type(error).__name__}") from None
    if response.code == 599:
        raise OSError(type(response.error).__name__)
    try:
        value = json.loads(response.body or b"")
    except ValueError:
        value = None
    return response.code, value if isinstance(value, dict) else {}


# ---- the process that registers and beats


class Agent:
    def __init__(self, shared):
        self.shared = shared
        self.token = None
        self.service_id = None
        self.renew = self.end = 0.0

    async def register(self):
        status, given = await fetch(
            "POST",
            f"{CONFIG.registry}/register",
            timeout=10,
            body={
                "name": CONFIG.name,
                "droplet_id": CONFIG.number,
                "port": CONFIG.port,
                "health_endpoint": "/health",
                "capabilities": ["archiving"],
                "version": VERSION,
                "udc_compliant": True,
            },
        )
        if status != 201 or not isinstance(given.get("token"), str) or type(given.get("service_id")) is not int:
            raise OSError(f"the Registry answered {status}")
        self.token, self.service_id = given["token"], given["service_id"]
        life = self._life(self.token)
        self.end = time.time() + life
        self.renew = self.end - min(60, life / 4)
        self.shared.registered.value = 1
        log("INFO", "registered", service_id=self.service_id)

    @staticmethod
    def _life(token):
        try:
            return max(0.0, jwt.decode(token, options={"verify_signature": False})["exp"] - time.time())
        except Exception:
            return 86400.0

    async def ready(self):
        """Wait until there is a token that holds."""
        wait = 1
        while time.time() >= self.renew:
            try:
                await self.register()
            except OSError as error:
                log("WARNING", "not registered", operation="POST /register", error=str(error), again_in_s=wait)
                if time.time() < self.end - 1:
                    return
                await asyncio.sleep(wait)
                wait = min(10, wait * 2)

    async def beat(self):
        status, _ = await fetch(
            "POST",
            f"{CONFIG.orchestrator}/heartbeat",
            token=self.token,
            timeout=5,
            body={
                "service_id": self.service_id,
                "service_name": CONFIG.name,
                "status": "active",
                "metrics": self.shared.numbers(),
            },
        )
        return status

    async def live(self):
        due = time.monotonic()
        while True:
            await self.ready()
            if time.monotonic() - due > 2:
                due = time.monotonic()
            try:
                status = await self.beat()
                if status == 401:
                    log("WARNING", "token refused", operation="POST /heartbeat")
                    await self.register()
                    status = await self.beat()
                if not 200 <= status < 300:
                    raise OSError(f"the Orchestrator answered {status}")
                log("DEBUG", "beat")
            except OSError as error:
                log("ERROR", "beat failed", operation="POST /heartbeat", error=str(error))
            due += 60
            await asyncio.sleep(max(0, due - time.monotonic()))


# ---- the workers


class Key:
    """The Registry's key, as this worker knows it."""

    def __init__(self):
        self.pem = None
        self.known = self.asked = -1e9
        self.second_looks = []
        self.lock = asyncio.Lock()

    async def load(self):
        self.asked = time.monotonic()
        try:
            status, given = await fetch("GET", f"{CONFIG.registry}/auth/public-key", timeout=5)
            pem = given.get("public_key")
            if status != 200 or not isinstance(pem, str):
                raise OSError(f"the Registry answered {status}")
            self.pem, self.known = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).prepare_key(pem), self.asked
        except (OSError, ValueError, jwt.PyJWTError) as error:
            log("ERROR", "no public key", operation="GET /auth/public-key", error=type(error).__name__)

    async def get(self):
        async with self.lock:
            now = time.monotonic()
            if (self.pem is None and now - self.asked > 1) or (now - self.known > 200 and now - self.asked > 10):
                await self.load()
            return self.pem

    async def after(self, old):
        async with self.lock:
            now = time.monotonic()
            self.second_looks = [each for each in self.second_looks if now - each < 40]
            if self.pem is old and len(self.second_looks) < 3:
                self.second_looks.append(now)
                await self.load()
            return self.pem


class Fault(tornado.web.HTTPError):
    def __init__(self, status, code, message):
        super().__init__(status)
        self.told = {"code": code, "message": message}


class Base(tornado.web.RequestHandler):
    def initialize(self, shared, key):
        self.shared, self.key = shared, key

    def set_default_headers(self):
        self.clear_header("Server")

    def say(self, body):
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(body))

    def write_error(self, status_code, **kwargs):
        error = kwargs.get("exc_info", (None, None))[1]
        words = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}
        told = getattr(error, "told", None) or {
            "code": words.get(status_code, "INTERNAL" if status_code >= 500 else "BAD_REQUEST"),
            "message": http.client.responses.get(status_code, "Error"),
        }
        if status_code == 401:
            self.set_header("WWW-Authenticate", "Bearer")
            log("WARNING", "request refused", path=self.request.path[:100], reason=told.get("reason"))
        if status_code == 500:
            log("ERROR", "request failed", error=type(error).__name__)
        self.say({"error": {"code": told["code"], "message": told["message"]}})

    def log_exception(self, *_):
        """What is told of an error is told by write_error."""

    def on_finish(self):
        self.shared.count(self.request.request_time(), self.get_status() >= 500)

    async def caller(self):
        given = self.request.headers.get_list("Authorization")
        words = given[0].split() if len(given) == 1 else []
        if len(words) != 2 or words[0].lower() != "bearer" or len(words[1]) > 8000:
            raise self._no("no bearer token")
        pem = await self.key.get()
        if pem is None:
            self.set_header("Retry-After", "5")
            raise Fault(503, "KEY_UNAVAILABLE", "Tokens cannot be verified now")
        try:
            try:
                return self._claims(words[1], pem)
            except jwt.InvalidSignatureError:
                newer = await self.key.after(pem)
                if newer is pem:
                    raise
                return self._claims(words[1], newer)
        except Fault:
            raise
        except Exception as error:
            raise self._no(type(error).__name__) from None

    def _claims(self, token, pem):
        whole = jwt.decode_complete(token, pem, algorithms=["RS256"], options={"require": ["exp"]})
        claims = whole["payload"]
        if "crit" in whole["header"] or type(claims.get("service_id")) is not int:
            raise self._no("no service_id")
        if not isinstance(claims.get("service_name"), str) or not claims["service_name"]:
            raise self._no("no service_name")
        return claims

    @staticmethod
    def _no(reason):
        fault = Fault(401, "UNAUTHORIZED", "A valid bearer token is needed")
        fault.told["reason"] = reason
        return fault


class Health(Base):
    def get(self):
        self.say({
            "status": "healthy" if self.shared.registered.value else "degraded",
            "timestamp": zulu(),
            "uptime_seconds": int(time.monotonic() - self.shared.began),
            "version": VERSION,
        })


class Capabilities(Base):
    def get(self):
        self.say({
            "service_name": CONFIG.name,
            "droplet_id": CONFIG.number,
            "capabilities": ["archiving"],
            "supported_operations": ["store", "fetch"],
            "integration_endpoints": [],
            "version": VERSION,
        })


class State(Base):
    async def get(self):
        await self.caller()
        self.say({
            "status": "active" if self.shared.registered.value else "inactive",
            "mode": CONFIG.mode,
            "metrics": self.shared.numbers(),
        })


class Dependencies(Base):
    async def get(self):
        await self.caller()
        self.say({"required_services": [], "optional_services": [], "external_apis": []})


class Message(Base):
    async def post(self):
        claims = await self.caller()
        try:
            message = json.loads(self.request.body, parse_constant=self._no_number)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            raise Fault(400, "INVALID_JSON", "The body must be a JSON object")
        sender, reply_to = message.get("from_service"), message.get("reply_to")
        if not isinstance(sender, str) or not sender:
            raise Fault(400, "INVALID_MESSAGE", "from_service must be a string")
        if message.get("message_type") not in ("task_assignment", "status_update", "query"):
            raise Fault(400, "INVALID_MESSAGE", "message_type is none of the three")
        if not isinstance(message.get("payload"), dict):
            raise Fault(400, "INVALID_MESSAGE", "payload must be an object")
        if reply_to is not None and not self._is_url(reply_to):
            raise Fault(400, "INVALID_MESSAGE", "reply_to must be an http or https URL")
        if sender != claims["service_name"]:
            raise Fault(403, "WRONG_SENDER", "from_service is not who the token names")
        self.say({"received": True, "message_id": secrets.token_hex(12), "status": "completed", "result": {}})

    @staticmethod
    def _no_number(name):
        raise ValueError(name)

    @staticmethod
    def _is_url(value):
        if not isinstance(value, str) or len(value) > 2000 or re.search(r"[\s\\\x00-\x1f]", value):
            return False
        try:
            parts = urlsplit(value)
            parts.port  # noqa: B018  a port that is none raises
        except ValueError:
            return False
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


class Nothing(Base):
    def prepare(self):
        raise Fault(404, "NOT_FOUND", "Nothing is at this path")


def work(listener, shared):
    """One worker, until it is told to stop."""

    async def serve():
        what = {"shared": shared, "key": Key()}
        routes = [("/health", Health), ("/capabilities", Capabilities), ("/state", State), ("/dependencies", Dependencies), ("/message", Message)]
        app = tornado.web.Application(
            [(path, handler, what) for path, handler in routes],
            default_handler_class=Nothing,
            default_handler_args=what,
            log_function=lambda handler: None,
        )
        server = tornado.httpserver.HTTPServer(app, max_buffer_size=4 << 20)
        server.add_socket(listener)
        stop = asyncio.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sign, stop.set)
        await stop.wait()

    asyncio.run(serve())


# ---- all of it


def start_nginx(folder, ports):
    workers = "\n".join(f"    server 127.0.0.1:{port};" for port in ports)
    text = (HERE / "nginx.conf.in").read_text()
    for name, value in {
        "@user@": "user root;" if os.getuid() == 0 else "",
        "@folder@": str(folder),
        "@port@": str(CONFIG.port),
        "@workers@": workers,
    }.items():
        text = text.replace(name, value)
    conf = folder / "nginx.conf"
    conf.write_text(text)
    program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    return subprocess.Popen([program, "-e", "stderr", "-p", str(folder), "-c", str(conf)])


async def watch(agent, nginx):
    """Live until a signal comes, or nginx ends."""
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    living = asyncio.create_task(agent.live())
    while not stop.is_set() and nginx.poll() is None:
        try:
            await asyncio.wait_for(stop.wait(), 0.5)
        except asyncio.TimeoutError:
            continue
    living.cancel()
    return 0 if stop.is_set() else 1


def main():
    context = multiprocessing.get_context("fork")
    shared = Shared(context)
    listeners = [socket.create_server(("127.0.0.1", 0), backlog=128) for _ in range(2)]
    for listener in listeners:
        listener.setblocking(False)
    processes = [context.Process(target=work, args=(listener, shared)) for listener in listeners]
    for process in processes:
        process.start()
    with tempfile.TemporaryDirectory() as folder:
        nginx = start_nginx(pathlib.Path(folder), [listener.getsockname()[1] for listener in listeners])
        code = asyncio.run(watch(Agent(shared), nginx))
        log("INFO", "stopping")
        nginx.terminate()
        for process in processes:
            process.terminate()
        nginx.wait()
        for process in processes:
            process.join(2)
    return code


if __name__ == "__main__":
    sys.exit(main())
