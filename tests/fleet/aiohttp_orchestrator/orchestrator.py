"""A right Orchestrator on aiohttp, SQLite and PyJWT, written from the contract alone.

Legal differences: errors are `{"detail": …}`, 422 for bad bodies, a beat is answered with an empty
object, a task with 202, task ids are UUIDs, nothing is queued in memory: a worker reads the table.
Who lives is told at /droplets, as a word of its own.

Run: python orchestrator.py [PORT]; REGISTRY_URL says where the Registry is, SILENCE after how many
seconds without a beat a droplet is lost, where that is not 180.
"""

import asyncio
import base64
import binascii
import contextlib
import json
import logging
import os
import re
import signal
import sqlite3
import sys
import time
import uuid
from datetime import datetime, timezone
from urllib.parse import urlsplit

import aiohttp
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

VERSION = "0.9.3"
LEEWAY = 45
SILENCE = float(os.environ.get("SILENCE", "180"))
LARGEST_BODY = 512 * 1024
BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
WORDS = ("active", "inactive", "error")
PRIORITIES = {"high": 0, "normal": 1, "low": 2}

log = logging.getLogger("orchestrator")

SCHEMA = """
CREATE TABLE beats (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, word TEXT NOT NULL, figures TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE TABLE tasks (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, data TEXT NOT NULL, rank INTEGER NOT NULL,
    stage TEXT NOT NULL, droplet TEXT, outcome TEXT, note TEXT, since REAL NOT NULL, due REAL NOT NULL
);
"""


class No(Exception):
    def __init__(self, status, detail):
        super().__init__(detail)
        self.status = status
        self.detail = detail


def stamp(moment=None):
    when = datetime.now(timezone.utc) if moment is None else datetime.fromtimestamp(moment, timezone.utc)
    return when.isoformat(timespec="seconds").replace("+00:00", "Z")


def is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_clean(value):
    return isinstance(value, str) and not any("\ud800" <= sign <= "\udfff" for sign in value)


def is_figures(value):
    return isinstance(value, dict) and all(
        is_clean(key) and isinstance(one, (int, float)) and not isinstance(one, bool) for key, one in value.items()
    )


async def body_of(request):
    kind = request.content_type
    if kind != "application/json" and not kind.endswith("+json") and request.headers.get("Content-Type"):
        raise No(415, "send application/json")
    try:
        value = json.loads(await request.read())
    except web.HTTPException:
        raise
    except (ValueError, RecursionError):
        raise No(422, "the body is not JSON") from None
    if not isinstance(value, dict):
        raise No(422, "the body is not an object")
    return value


class Home:
    """The Registry: being registered there, its key, and who else is."""

    def __init__(self, url, facts):
        self.url = url.rstrip("/")
        self.facts = facts
        self.token = None
        self.until = 0.0
        self.key = None
        self.asked = 0.0
        self.gate = asyncio.Lock()
        self.web = None

    async def open(self):
        self.web = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=8))

    async def stay_registered(self):
        pause = 1.0
        while True:
            try:
                await self.register()
                pause = 1.0
                await asyncio.sleep(max(1.0, (self.until - time.time()) * 0.75))
            except (aiohttp.ClientError, TimeoutError, No) as trouble:
                log.error("registration failed: %s", trouble or type(trouble).__name__)
                await asyncio.sleep(pause)
                pause = min(10.0, pause * 2)

    async def register(self):
        async with self.web.post(f"{self.url}/register", json=self.facts, allow_redirects=False) as answer:
            said = await self.json_of(answer)
            if answer.status != 201 or not isinstance(said, dict) or not isinstance(said.get("token"), str):
                raise No(answer.status, f"the Registry answered {answer.status}")
        self.token = said["token"]
        try:
            claims = jwt.decode(self.token, options={"verify_signature": False, "verify_exp": False})
            self.until = float(claims.get("exp", time.time() + 600))
        except (jwt.PyJWTError, ValueError, TypeError):
            self.until = time.time() + 600

    @staticmethod
    async def json_of(answer):
        try:
            return json.loads(await answer.read())
        except (ValueError, RecursionError):
            return None

    async def verifier(self, not_this=None):
        """The key; asked for again where it failed, every five seconds at most."""
        async with self.gate:
            if self.key is not None and self.key is not not_this:
                return self.key
            if time.monotonic() - self.asked < 5 and self.asked:
                return self.key
            self.asked = time.monotonic()
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, ValueError, AttributeError, LookupError, TypeError):
                async with self.web.get(f"{self.url}/auth/public-key", allow_redirects=False) as answer:
                    said = await self.json_of(answer)
                    found = load_pem_public_key(said["public_key"].encode()) if answer.status == 200 else None
                    if isinstance(found, RSAPublicKey):
                        self.key = found
            if self.key is None:
                self.asked = 0.0
            return self.key

    async def everybody(self):
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.web.get(f"{self.url}/services", headers=headers, allow_redirects=False) as answer:
            said = await self.json_of(answer)
            if answer.status == 401:
                await self.register()
            if answer.status != 200:
                raise No(503, f"the Registry's listing answered {answer.status}")
        rows = said.get("services") if isinstance(said, dict) else said
        return [row for row in rows or [] if isinstance(row, dict)]


class Orchestrator:
    def __init__(self, home, name, droplet_id, mode):
        self.home, self.name, self.droplet_id, self.mode = home, name, droplet_id, mode
        self.db = sqlite3.connect(":memory:")
        self.db.row_factory = sqlite3.Row
        self.db.executescript(SCHEMA)
        self.own_url = ""
        self.born = time.monotonic()
        self.served = self.failed = 0
        self.spent = 0.0
        self.last = None
        self.news = asyncio.Event()

    # --- who asks

    async def caller(self, request):
        given = request.headers.getall("Authorization", [])
        words = given[0].split() if len(given) == 1 else []
        if len(words) != 2 or words[0].lower() != "bearer" or len(words[1]) > 6000:
            raise No(401, "a bearer token is needed")
        parts = words[1].split(".")
        if len(parts) != 3 or not all(BASE64URL.fullmatch(part) for part in parts):
            raise No(401, "this is no token")
        try:
            header = json.loads(base64.urlsafe_b64decode(parts[0] + "=="))
        except (ValueError, RecursionError, binascii.Error):
            header = None
        if not isinstance(header, dict) or header.get("alg") != "RS256" or "crit" in header:
            raise No(401, "the token is not signed as it must be")
        key = await self.home.verifier()
        if key is None:
            raise No(503, "tokens cannot be verified now")
        claims = self.read(words[1], key)
        if claims is None:
            newer = await self.home.verifier(not_this=key)
            claims = self.read(words[1], newer) if newer is not key else None
        if claims is None:
            raise No(401, "the token does not verify")
        until = claims.get("exp")
        if not isinstance(until, (int, float)) or isinstance(until, bool) or not time.time() - LEEWAY < until < 1e300:
            raise No(401, "the token is over")
        if not is_whole(claims.get("service_id")) or not isinstance(claims.get("service_name"), str):
            raise No(401, "the token names nobody")
        return claims

    @staticmethod
    def read(token, key):
        off = {f"verify_{each}": False for each in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
        try:
            return jwt.decode(token, key, algorithms=["RS256"], options=off)
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError, OverflowError):
            return None

    # --- beats

    async def heartbeat(self, request):
        claims = await self.caller(request)
        said = await body_of(request)
        number, name, word = said.get("service_id"), said.get("service_name"), said.get("status")
        if number is None and name is None:
            raise No(422, "a beat names its service")
        if number is not None and not is_whole(number):
            raise No(422, "service_id is no integer")
        if name is not None and not isinstance(name, str):
            raise No(422, "service_name is no string")
        if word not in WORDS:
            raise No(422, "status is unknown")
        figures = said.get("metrics")
        if figures is not None and not is_figures(figures):
            raise No(422, "metrics is no object of numbers")
        if number not in (None, claims["service_id"]) or name not in (None, claims["service_name"]):
            raise No(403, "this beat is somebody else's")
        with self.db:
            self.db.execute(
                "INSERT OR REPLACE INTO beats VALUES (?, ?, ?, ?, ?)",
                (claims["service_id"], claims["service_name"], word, json.dumps(figures or {}), time.time()),
            )
        self.news.set()
        return web.json_response({})

    async def droplets(self, request):
        await self.caller(request)
        now = time.time()
        return web.json_response(
            [
                {
                    "droplet": row["name"],
                    "number": row["number"],
                    "life": "alive" if now - row["at"] < SILENCE else "lost",
                    "last_beat": stamp(row["at"]),
                }
                for row in self.db.execute("SELECT * FROM beats ORDER BY name")
            ]
        )

    # --- tasks

    async def take(self, request):
        await self.caller(request)
        said = await body_of(request)
        if not is_clean(said.get("task_type")) or not said["task_type"]:
            raise No(422, "task_type is missing")
        if not isinstance(said.get("data"), dict):
            raise No(422, "data is no object")
        priority = "normal" if said.get("priority") is None else said["priority"]
        if not isinstance(priority, str) or priority not in PRIORITIES:
            raise No(422, "priority is unknown")
        made, now = str(uuid.uuid4()), time.time()
        with self.db:
            self.db.execute(
                "INSERT INTO tasks VALUES (?, ?, ?, ?, 'waiting', NULL, NULL, NULL, ?, ?)",
                (made, said["task_type"], json.dumps(said["data"]), PRIORITIES[priority], now, now),
            )
        self.news.set()
        return web.json_response({"task_id": made}, status=202, headers={"Location": f"/tasks/{made}"})

    async def show(self, request):
        await self.caller(request)
        row = self.task(request.match_info["task"])
        if row is None:
            raise No(404, "there is no such task")
        told = {"task_id": row["id"], "status": row["stage"], "result": json.loads(row["outcome"] or "null")}
        if row["note"]:
            told["error"] = row["note"]
        return web.json_response(told)

    def task(self, given):
        if not is_clean(given):
            return None
        return self.db.execute("SELECT * FROM tasks WHERE id = ?", (given,)).fetchone()

    async def outcome(self, request):
        claims = await self.caller(request)
        said = await body_of(request)
        row = self.task(request.match_info["task"])
        if row is not None and row["droplet"] not in (None, claims["service_name"]):
            raise No(403, "this task is somebody else's")
        if row is not None and row["stage"] in ("waiting", "assigned"):
            self.note(row["id"], "failed" if said.get("status") == "failed" else "completed", outcome=said.get("result"))
        return web.json_response({"received": True})

    def note(self, task, stage, *, droplet=None, outcome=None, note=None, pause=0.0):
        with self.db:
            self.db.execute(
                "UPDATE tasks SET stage = ?, droplet = COALESCE(?, droplet), outcome = ?, note = ?, due = ? WHERE id = ?",
                (stage, droplet, json.dumps(outcome), note, time.time() + pause, task),
            )

    async def route(self):
        """Hand out what waits, for as long as this process lives."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.news.wait(), 1.0)
            self.news.clear()
            try:
                await self.hand_out()
            except (aiohttp.ClientError, TimeoutError, No) as trouble:
                log.error("routing failed: %s", trouble or type(trouble).__name__)
            except Exception:
                log.exception("routing failed")

    async def hand_out(self):
        now = time.time()
        with self.db:
            self.db.execute("UPDATE tasks SET stage = 'waiting' WHERE stage = 'assigned' AND due < ?", (now,))
        waiting = self.db.execute(
            "SELECT * FROM tasks WHERE stage = 'waiting' AND due <= ? ORDER BY rank, since LIMIT 200", (now,)
        ).fetchall()
        if not waiting or self.home.token is None:
            return
        lost = {row["number"] for row in self.db.execute("SELECT number FROM beats WHERE at < ?", (now - SILENCE,))}
        everybody = [row for row in await self.home.everybody() if row.get("name") != self.name]
        for row in waiting:
            able = [one for one in everybody if row["kind"] in (one.get("capabilities") or [])]
            there = [one for one in able if one.get("service_id") not in lost]
            if not there:
                note = "every capable droplet is silent" if able else "no capable droplet"
                self.note(row["id"], "waiting", note=note, pause=2.0)
                continue
            for one in there:
                if await self.sent(row, one):
                    break
            else:
                self.note(row["id"], "waiting", note="no capable droplet took it", pause=2.0)

    async def sent(self, row, one):
        message = {
            "from_service": self.name,
            "message_type": "task_assignment",
            "payload": {"task_id": row["id"], "action": row["kind"], "data": json.loads(row["data"])},
            "reply_to": f"{self.own_url}/outcomes/{row['id']}",
        }
        self.note(row["id"], "assigned", droplet=one["name"], pause=90.0)
        try:
            async with self.home.web.post(
                f"http://{one['host']}:{one['port']}/message",
                json=message,
                headers={"Authorization": f"Bearer {self.home.token}"},
                allow_redirects=False,
            ) as answer:
                said = await self.home.json_of(answer)
                taken = answer.status == 200 and isinstance(said, dict) and said.get("received") is True
        except (aiohttp.ClientError, TimeoutError, ValueError) as trouble:
            log.warning("%s did not take a task: %s", one["name"], trouble or type(trouble).__name__)
            return False
        if taken and said.get("status") in ("completed", "failed"):
            self.note(row["id"], said["status"], outcome=said.get("result"))
        return taken

    # --- what every droplet serves

    async def health(self, request):
        return web.json_response(
            {
                "status": "healthy" if self.home.token is not None else "degraded",
                "timestamp": stamp(),
                "uptime_seconds": int(time.monotonic() - self.born),
                "version": VERSION,
            }
        )

    async def capabilities(self, request):
        await self.caller(request)
        return web.json_response(
            {
                "service_name": self.name,
                "droplet_id": self.droplet_id,
                "capabilities": ["routing", "liveness"],
                "supported_operations": ["take_task", "show_task", "take_beat"],
                "integration_endpoints": [
                    {"path": "/heartbeat", "method": "POST", "description": "Takes a beat"},
                    {"path": "/tasks", "method": "POST", "description": "Takes a task"},
                    {"path": "/tasks/{task_id}", "method": "GET", "description": "Shows a task"},
                    {"path": "/droplets", "method": "GET", "description": "Shows who lives"},
                ],
                "version": VERSION,
            }
        )

    async def state(self, request):
        await self.caller(request)
        minutes = max((time.monotonic() - self.born) / 60, 1 / 60)
        return web.json_response(
            {
                "status": "active" if self.home.token is not None else "inactive",
                "mode": self.mode,
                "metrics": {
                    "requests_per_minute": round(self.served / minutes, 3),
                    "average_response_time_ms": round(1000 * self.spent / max(self.served, 1), 4),
                    "error_rate_percent": round(100 * self.failed / max(self.served, 1), 3),
                },
                "last_activity": stamp(self.last),
            }
        )

    async def dependencies(self, request):
        await self.caller(request)
        word = "connected" if self.home.token is not None else "disconnected"
        return web.json_response(
            {
                "required_services": [{"name": "registry", "type": "service", "status": word}],
                "optional_services": [],
                "external_apis": [],
            }
        )

    async def message(self, request):
        claims = await self.caller(request)
        said = await body_of(request)
        if not isinstance(said.get("from_service"), str) or not said["from_service"]:
            raise No(422, "from_service is missing")
        if said.get("message_type") not in ("task_assignment", "status_update", "query"):
            raise No(422, "message_type is unknown")
        if not isinstance(said.get("payload"), dict):
            raise No(422, "payload is no object")
        if said.get("reply_to") is not None and not self.is_place(said["reply_to"]):
            raise No(422, "reply_to is no http URL")
        if said["from_service"] != claims["service_name"]:
            raise No(403, "from_service is not the token's service")
        return web.json_response({"received": True, "message_id": str(uuid.uuid4()), "status": "completed", "result": {}})

    @staticmethod
    def is_place(text):
        if not isinstance(text, str) or len(text) > 2000 or not re.fullmatch(r"https?://[!-~]+", text, re.I):
            return False
        try:
            parts = urlsplit(text)
            return bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc and "\\" not in text
        except ValueError:
            return False


def application(orchestrator):
    @web.middleware
    async def around(request, handler):
        started = time.perf_counter()
        try:
            response = await handler(request)
        except No as no:
            response = web.json_response({"detail": no.detail}, status=no.status)
            if no.status == 401:
                log.warning("401 for %s", request.path[:60])
                response.headers["WWW-Authenticate"] = "Bearer"
        except web.HTTPException as plain:
            response = web.json_response({"detail": plain.reason}, status=plain.status)
            if "Allow" in plain.headers:
                response.headers["Allow"] = plain.headers["Allow"]
        except Exception:
            log.exception("unexpected")
            response = web.json_response({"detail": "internal error"}, status=500)
        orchestrator.served += 1
        orchestrator.failed += response.status >= 500
        orchestrator.spent += time.perf_counter() - started
        orchestrator.last = time.time()
        return response

    async def harden(request, response):
        response.headers.update(
            {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "X-XSS-Protection": "1; mode=block"}
        )

    app = web.Application(middlewares=[around], client_max_size=LARGEST_BODY)
    app.on_response_prepare.append(harden)
    app.add_routes(
        [
            web.post("/heartbeat", orchestrator.heartbeat),
            web.post("/tasks", orchestrator.take),
            web.get("/tasks/{task}", orchestrator.show),
            web.post("/outcomes/{task}", orchestrator.outcome),
            web.get("/droplets", orchestrator.droplets),
            web.get("/health", orchestrator.health),
            web.get("/capabilities", orchestrator.capabilities),
            web.get("/state", orchestrator.state),
            web.get("/dependencies", orchestrator.dependencies),
            web.post("/message", orchestrator.message),
        ]
    )
    return app


async def main():
    logging.basicConfig(
        stream=sys.stdout,
        level=os.environ.get("LOG_LEVEL", "INFO"),
        format='{"level": "%(levelname)s", "logger": "%(name)s", "message": "%(message)s"}',
    )
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)
    port = int(sys.argv[1]) if len(sys.argv) > 1 else int(os.environ.get("SERVICE_PORT", "8001"))
    environment = os.environ.get("ENVIRONMENT", "production")
    name, number = os.environ.get("SERVICE_NAME", "orchestrator"), int(os.environ.get("DROPLET_ID", "2"))
    facts = {
        "name": name,
        "droplet_id": number,
        "port": port,
        "health_endpoint": "/health",
        "capabilities": ["routing", "liveness"],
        "version": VERSION,
        "udc_compliant": True,
    }
    home = Home(os.environ.get("REGISTRY_URL", "http://registry:8000"), facts)
    mode = environment if environment in ("production", "development") else "production"
    orchestrator = Orchestrator(home, name, number, mode)
    orchestrator.own_url = f"http://127.0.0.1:{port}"
    await home.open()
    runner = web.AppRunner(
        application(orchestrator), access_log=None, max_line_size=65536, max_field_size=32768, shutdown_timeout=1
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=256).start()
    work = [asyncio.create_task(home.stay_registered()), asyncio.create_task(orchestrator.route())]
    over = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, over.set)
    await over.wait()
    for each in work:
        each.cancel()
    await asyncio.gather(*work, return_exceptions=True)
    await runner.cleanup()
    await home.web.close()


if __name__ == "__main__":
    asyncio.run(main())
