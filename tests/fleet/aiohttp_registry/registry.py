"""A right Registry on aiohttp, SQLite and PyJWT, written from the contract alone.

Legal differences: errors are `{"detail": …}`, 422 for bad bodies, the listing is an object and
needs a token, numbers are 48 bits long, every token has an `iss` and a `jti`, half a minute of
leeway, timestamps with microseconds, the key lives in the database and survives a restart.

Run: python registry.py [PORT]; REGISTRY_DB names the database file (default: in memory).
"""

import asyncio
import base64
import binascii
import json
import logging
import os
import re
import secrets
import signal
import sqlite3
import sys
import time
import uuid
from datetime import datetime, timezone
from urllib.parse import urlsplit

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

VERSION = "2.1.0"
LIFE = 8 * 3600
LEEWAY = 30
LARGEST_BODY = 512 * 1024
BIGGEST = 2**63 - 1
BASE64URL = re.compile(r"[A-Za-z0-9_-]+")

log = logging.getLogger("registry")

SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (pem TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS services (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    droplet INTEGER NOT NULL,
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    health TEXT NOT NULL,
    abilities TEXT NOT NULL,
    version TEXT NOT NULL,
    seen REAL NOT NULL
);
"""


class No(Exception):
    """An answer that is not what was hoped for."""

    def __init__(self, status, detail):
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Book:
    """What is kept: the key, and who registered."""

    def __init__(self, path):
        self.db = sqlite3.connect(path)
        self.db.row_factory = sqlite3.Row
        self.db.executescript(SCHEMA)

    def key(self):
        row = self.db.execute("SELECT pem FROM keys").fetchone()
        if row is None:
            made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            pem = made.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            with self.db:
                self.db.execute("INSERT INTO keys VALUES (?)", (pem.decode(),))
            return made
        return serialization.load_pem_private_key(row["pem"].encode(), None)

    def put(self, entry):
        """Write a registration down; the number is the old one where there is one."""
        known = self.named(entry["name"])
        if known is not None and known["droplet"] != entry["droplet"]:
            raise No(409, "another droplet is registered under this name")
        number = known["id"] if known is not None else self.unused()
        with self.db:
            self.db.execute(
                "INSERT OR REPLACE INTO services VALUES (:id, :name, :droplet, :host, :port, :health, "
                ":abilities, :version, :seen)",
                {**entry, "id": number},
            )
        return number

    def unused(self):
        while True:
            number = secrets.randbelow(2**47) + 2**47
            if self.numbered(number) is None:
                return number

    def named(self, name):
        return self.db.execute("SELECT * FROM services WHERE name = ?", (name,)).fetchone()

    def numbered(self, number):
        return self.db.execute("SELECT * FROM services WHERE id = ?", (number,)).fetchone()

    def everybody(self):
        return self.db.execute("SELECT * FROM services ORDER BY name").fetchall()


def shown(row):
    return {
        "host": row["host"],
        "port": row["port"],
        "service_id": row["id"],
        "name": row["name"],
        "droplet_id": row["droplet"],
        "health_endpoint": row["health"],
        "capabilities": json.loads(row["abilities"]),
        "version": row["version"],
        "last_seen": stamp(row["seen"]),
    }


def stamp(moment=None):
    when = datetime.now(timezone.utc) if moment is None else datetime.fromtimestamp(moment, timezone.utc)
    return when.isoformat(timespec="microseconds").replace("+00:00", "Z")


def is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_clean(value):
    """A text that can be stored and sent back."""
    return isinstance(value, str) and not any("\ud800" <= sign <= "\udfff" for sign in value)


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


class Registry:
    def __init__(self, path, name, droplet_id, mode):
        self.book = Book(path)
        self.key = self.book.key()
        self.public = self.key.public_key()
        self.pem = self.public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()
        self.name, self.droplet_id, self.mode = name, droplet_id, mode
        self.born = time.monotonic()
        self.served = self.failed = 0
        self.spent = 0.0
        self.last = None

    # --- who asks

    def caller(self, request):
        given = request.headers.getall("Authorization", [])
        words = given[0].split() if len(given) == 1 else []
        if len(words) != 2 or words[0].lower() != "bearer" or len(words[1]) > 6000:
            raise No(401, "a bearer token is needed")
        parts = words[1].split(".")
        if len(parts) != 3 or not all(BASE64URL.fullmatch(part) for part in parts):
            raise No(401, "this is no token")
        try:
            header = json.loads(base64.urlsafe_b64decode(parts[0] + "=="))
            if not isinstance(header, dict) or header.get("alg") != "RS256" or "crit" in header:
                raise No(401, "the token is not signed as it must be")
            claims = jwt.decode(
                words[1],
                self.public,
                algorithms=["RS256"],
                options={f"verify_{each}": False for each in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")},
            )
        except No:
            raise
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError, OverflowError, binascii.Error):
            raise No(401, "the token does not verify") from None
        until = claims.get("exp")
        if not isinstance(until, (int, float)) or isinstance(until, bool) or not time.time() - LEEWAY < until < 1e300:
            raise No(401, "the token is over")
        if not is_whole(claims.get("service_id")) or not isinstance(claims.get("service_name"), str):
            raise No(401, "the token names nobody")
        return claims

    # --- the Registry's own routes

    async def register(self, request):
        said = await body_of(request)
        problems = [
            name
            for name, is_right in (
                ("name", is_clean(said.get("name")) and 0 < len(said["name"]) <= 200 and said["name"].isprintable()),
                ("droplet_id", is_whole(said.get("droplet_id")) and 1 <= said["droplet_id"] <= BIGGEST),
                ("port", is_whole(said.get("port")) and 1 <= said["port"] <= 65535),
                ("health_endpoint", is_clean(said.get("health_endpoint")) and said["health_endpoint"].startswith("/")),
                (
                    "capabilities",
                    isinstance(said.get("capabilities"), list) and all(is_clean(one) for one in said["capabilities"]),
                ),
                ("version", is_clean(said.get("version"))),
            )
            if not is_right
        ]
        if problems:
            raise No(422, [{"loc": ["body", name], "msg": "missing, or not what it must be"} for name in problems])
        now = time.time()
        number = self.book.put(
            {
                "name": said["name"],
                "droplet": said["droplet_id"],
                "host": self.host_of(said.get("host"), request.remote),
                "port": said["port"],
                "health": said["health_endpoint"],
                "abilities": json.dumps(said["capabilities"]),
                "version": said["version"],
                "seen": now,
            }
        )
        token = jwt.encode(
            {
                "iss": self.name,
                "jti": uuid.uuid4().hex,
                "iat": int(now),
                "exp": int(now) + LIFE,
                "service_id": number,
                "service_name": said["name"],
                "capabilities": said["capabilities"],
            },
            self.key,
            algorithm="RS256",
        )
        log.info("registered %r", said["name"])
        return web.json_response({"service_id": number, "token": token}, status=201)

    @staticmethod
    def host_of(said, remote):
        if is_clean(said) and re.fullmatch(r"[A-Za-z0-9_.-]{1,253}", said):
            return said
        return f"[{remote}]" if ":" in remote else remote

    async def by_name(self, request):
        self.caller(request)
        name = request.match_info["name"]
        return self.one(self.book.named(name) if is_clean(name) else None)

    async def by_number(self, request):
        self.caller(request)
        text = request.match_info["number"]
        if not re.fullmatch(r"-?[0-9]{1,40}", text):
            raise No(422, "a service_id is a number")
        number = int(text)
        return self.one(self.book.numbered(number) if 0 <= number <= BIGGEST else None)

    @staticmethod
    def one(row):
        if row is None:
            raise No(404, "not registered")
        return web.json_response(shown(row))

    async def listing(self, request):
        self.caller(request)
        rows = self.book.everybody()
        return web.json_response({"services": [shown(row) for row in rows], "count": len(rows)})

    async def public_key(self, request):
        return web.json_response({"public_key": self.pem, "algorithm": "RS256"})

    # --- what every droplet serves

    async def health(self, request):
        return web.json_response(
            {
                "status": "healthy",
                "timestamp": stamp(),
                "uptime_seconds": int(time.monotonic() - self.born),
                "version": VERSION,
                "checks": {"database": "healthy"},
            }
        )

    async def capabilities(self, request):
        self.caller(request)
        return web.json_response(
            {
                "service_name": self.name,
                "droplet_id": self.droplet_id,
                "capabilities": ["identity", "discovery"],
                "supported_operations": ["register", "look_up", "list", "issue_token"],
                "integration_endpoints": [
                    {"path": "/register", "method": "POST", "description": "Registers a droplet"},
                    {"path": "/services", "method": "GET", "description": "Lists every droplet"},
                    {"path": "/services/by-name/{name}", "method": "GET", "description": "Finds a droplet"},
                    {"path": "/services/{id}", "method": "GET", "description": "Finds a droplet by number"},
                    {"path": "/auth/public-key", "method": "GET", "description": "Verifies tokens"},
                ],
                "version": VERSION,
            }
        )

    async def state(self, request):
        self.caller(request)
        minutes = max((time.monotonic() - self.born) / 60, 1 / 60)
        return web.json_response(
            {
                "status": "active",
                "mode": self.mode,
                "metrics": {
                    "requests_per_minute": round(self.served / minutes, 3),
                    "average_response_time_ms": round(1000 * self.spent / max(self.served, 1), 4),
                    "error_rate_percent": round(100 * self.failed / max(self.served, 1), 3),
                },
                "registered_services": len(self.book.everybody()),
                "last_activity": stamp(self.last),
            }
        )

    async def dependencies(self, request):
        self.caller(request)
        return web.json_response({"required_services": [], "optional_services": [], "external_apis": []})

    async def message(self, request):
        claims = self.caller(request)
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
        return web.json_response(
            {"received": True, "message_id": str(uuid.uuid4()), "status": "completed", "result": {"noted": True}}
        )

    @staticmethod
    def is_place(text):
        if not isinstance(text, str) or len(text) > 2000 or not re.fullmatch(r"https?://[!-~]+", text, re.I):
            return False
        try:
            parts = urlsplit(text)
            return bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc and "\\" not in text
        except ValueError:
            return False


def application(registry):
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
        registry.served += 1
        registry.failed += response.status >= 500
        registry.spent += time.perf_counter() - started
        registry.last = time.time()
        return response

    async def harden(request, response):
        response.headers.update(
            {
                "X-Content-Type-Options": "nosniff",
                "X-Frame-Options": "DENY",
                "X-XSS-Protection": "1; mode=block",
                "Server": "registry",
            }
        )

    app = web.Application(middlewares=[around], client_max_size=LARGEST_BODY)
    app.on_response_prepare.append(harden)
    app.add_routes(
        [
            web.post("/register", registry.register),
            web.get("/services", registry.listing),
            web.get("/services/by-name/{name}", registry.by_name),
            web.get("/services/{number}", registry.by_number),
            web.get("/auth/public-key", registry.public_key),
            web.get("/health", registry.health),
            web.get("/capabilities", registry.capabilities),
            web.get("/state", registry.state),
            web.get("/dependencies", registry.dependencies),
            web.post("/message", registry.message),
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
    port = int(sys.argv[1]) if len(sys.argv) > 1 else int(os.environ.get("SERVICE_PORT", "8000"))
    environment = os.environ.get("ENVIRONMENT", "production")
    registry = Registry(
        os.environ.get("REGISTRY_DB", ":memory:"),
        os.environ.get("SERVICE_NAME", "registry"),
        int(os.environ.get("DROPLET_ID", "1")),
        environment if environment in ("production", "development", "maintenance") else "production",
    )
    runner = web.AppRunner(
        application(registry), access_log=None, max_line_size=65536, max_field_size=32768, shutdown_timeout=1
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=256).start()
    over = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, over.set)
    await over.wait()
    await runner.cleanup()
    registry.book.db.close()


if __name__ == "__main__":
    asyncio.run(main())
