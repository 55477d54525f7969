"""A right droplet on FastAPI and PyJWT.

Legal differences: it answers 422 to a body that is no message before it asks who is there; errors
are {detail}; there is no /metrics. A token from the future (iat) is refused. Messages are completed
in their answers.

Run: python service.py [PORT]
"""

import asyncio
import json
import logging
import os
import re
import sys
import time
import uuid
from collections import deque
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Literal
from urllib.parse import urlsplit

import httpx
import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr, field_validator

VERSION = "0.3.0"
BODY_MOST = 1_000_000
UNITS = {"km": 1000.0, "mile": 1609.344, "yard": 0.9144}

log = logging.getLogger("units")


# ---- settings


def setting(name, default, accept):
    value = os.getenv(name)
    return value if value and accept(value) else default


def is_number(most):
    return lambda text: re.fullmatch(r"[1-9]\d{0,9}", text) is not None and int(text) <= most


conf = SimpleNamespace(
    registry=setting("REGISTRY_URL", "http://registry:8000", str.strip).rstrip("/"),
    orchestrator=setting("ORCHESTRATOR_URL", "http://orchestrator:8001", str.strip).rstrip("/"),
    name=setting("SERVICE_NAME", "fastapi-validates-first", str.strip),
    droplet_id=int(setting("DROPLET_ID", "71", is_number(2_000_000_000))),
    port=int(setting("SERVICE_PORT", "8071", is_number(65535))),
    mode=setting("ENVIRONMENT", "production", lambda text: text == "development"),
    level=setting("LOG_LEVEL", "INFO", {"DEBUG", "INFO", "WARNING", "ERROR"}.__contains__),
)


# ---- log


class Structured(logging.Formatter):
    def format(self, record):
        fields = {
            "at": moment(),
            "level": record.levelname.lower(),
            "from": f"{conf.name}/{record.name}",
            "text": record.getMessage(),
        }
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info).splitlines()
        return json.dumps(fields)


def moment():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


# ---- what the droplet knows of itself

me = SimpleNamespace(
    token=None,
    service_id=None,
    good_until=None,  # monotonic; None for a token that does not say
    renew_from=None,
    born=time.monotonic(),
    answered=0,
    window=deque(maxlen=100_000),
    last=None,
)


def figures():
    now = time.monotonic()
    while me.window and now - me.window[0][0] > 60:
        me.window.popleft()
    n = len(me.window) or 1
    return {
        "requests_per_minute": len(me.window),
        "average_response_time_ms": round(sum(took for _, took, _ in me.window) / n * 1000, 3),
        "error_rate_percent": round(sum(bad for _, _, bad in me.window) / n * 100, 3),
        "requests_total": me.answered,
    }


# ---- towards Registry and Orchestrator


async def exchange(http, method, url, seconds, **kwargs):
    async with asyncio.timeout(seconds):
        return await http.request(method, url, **kwargs)


async def register(http):
    answer = await exchange(
        http,
        "POST",
        f"{conf.registry}/register",
        10,
        json=dict(
            name=conf.name,
            droplet_id=conf.droplet_id,
            port=conf.port,
            health_endpoint="/health",
            capabilities=["unit_conversion"],
            version=VERSION,
            udc_compliant=True,
        ),
    )
    if answer.status_code != 201:
        raise ValueError(f"registration answered {answer.status_code}")
    given = Registered.model_validate_json(answer.content)
    me.token, me.service_id = given.token, given.service_id
    me.good_until = me.renew_from = None
    try:
        claims = jwt.decode(given.token, options={"verify_signature": False})
        life = float(claims["exp"]) - float(claims["iat"])
        me.good_until = time.monotonic() + life
        me.renew_from = time.monotonic() + life * 0.75
    except Exception:
        log.debug("the token does not say how long it holds")
    log.info("registered with service_id %d", given.service_id)


async def register_stubbornly(http):
    tries = 0
    while True:
        try:
            return await register(http)
        except Exception as error:
            delay = (1, 2, 4, 8, 10)[min(tries, 4)]
            tries += 1
            log.warning("no registration at the Registry yet (%s), try %d, next in %d s", hint(error), tries, delay)
            await asyncio.sleep(delay)


def hint(error):
    if isinstance(error, ValueError) and not isinstance(error, (UnicodeError, json.JSONDecodeError)):
        return str(error).split("\n")[0]
    return type(error).__name__


class Registered(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)
    token: StrictStr = Field(min_length=1)
    service_id: StrictInt


async def beat(http):
    measured = figures()

    def once():
        return exchange(
            http,
            "POST",
            f"{conf.orchestrator}/heartbeat",
            5,
            headers={"Authorization": f"Bearer {me.token}"},
            json={
                "service_id": me.service_id,
                "service_name": conf.name,
                "status": "active",
                "metrics": {
                    "requests_per_minute": measured["requests_per_minute"],
                    "error_rate": measured["error_rate_percent"],
                    "average_response_time_ms": measured["average_response_time_ms"],
                    "requests_total": measured["requests_total"],
                },
            },
        )

    answer = await once()
    if answer.status_code == 401:
        log.warning("beat refused with 401, a new token is needed")
        await register(http)
        answer = await once()
    if answer.status_code // 100 != 2:
        raise ValueError(f"beat answered {answer.status_code}")


async def heart(http):
    await register_stubbornly(http)
    tick = time.monotonic()
    while True:
        now = time.monotonic()
        if me.good_until is not None and now >= me.good_until:
            await register_stubbornly(http)
        elif me.renew_from is not None and now >= me.renew_from:
            try:
                await register(http)
            except Exception as error:
                log.warning("renewal at the Registry failed (%s)", hint(error))
        if time.monotonic() - tick > 3:
            tick = time.monotonic()
        try:
            await beat(http)
            log.debug("beat")
        except Exception as error:
            log.error("beat to the Orchestrator failed (%s)", hint(error))
        tick += 60
        await asyncio.sleep(max(0, tick - time.monotonic()))


# ---- tokens


class PublicKey:
    """One key, fetched when first needed, refreshed every four minutes and after bad signatures."""

    def __init__(self):
        self.value = None
        self.pem = None
        self.busy = asyncio.Lock()
        self.not_before = 0.0
        self.after_bad = deque(maxlen=3)

    async def ask(self):
        try:
            answer = await exchange(app.state.http, "GET", f"{conf.registry}/auth/public-key", 5)
            if answer.status_code != 200:
                raise ValueError(f"key request answered {answer.status_code}")
            pem = answer.json()["public_key"]
            key = load_pem_public_key(pem.encode("ascii"))
            if not isinstance(key, RSAPublicKey):
                raise ValueError("key is not RSA")
            if pem != self.pem:
                self.value, self.pem = key, pem
        except Exception as error:
            self.not_before = time.monotonic() + 1.5
            log.error("the Registry's public key could not be fetched (%s)", hint(error))

    async def current(self):
        if self.value is None:
            async with self.busy:
                if self.value is None and time.monotonic() >= self.not_before:
                    await self.ask()
        return self.value

    async def other_than(self, key):
        async with self.busy:
            if self.value is key:
                now = time.monotonic()
                if len(self.after_bad) < 3 or now - self.after_bad[0] > 30:
                    self.after_bad.append(now)
                    await self.ask()
            return self.value

    async def keep(self):
        while True:
            await asyncio.sleep(240)
            if self.value is not None:
                await self.ask()


class Claims(BaseModel):
    exp: StrictInt | StrictFloat
    service_id: StrictInt
    service_name: StrictStr = Field(min_length=1)


async def who(request):
    given = request.headers.getlist("authorization")
    match = re.fullmatch(r"\s*bearer[ \t]+([A-Za-z0-9_.-]+)\s*", given[0], re.I | re.A) if len(given) == 1 else None
    token = match.group(1) if match else ""
    try:
        if len(token) > 8000 or token.count(".") != 2:
            raise jwt.DecodeError
        header = jwt.get_unverified_header(token)
        if header.get("alg") != "RS256" or "crit" in header:
            raise jwt.InvalidAlgorithmError
        key = await public_key.current()
        if key is None:
            raise HTTPException(503, "Tokens cannot be verified now", {"Retry-After": "2"})
        try:
            return decode(token, key)
        except jwt.InvalidSignatureError:
            return decode(token, await public_key.other_than(key))
    except HTTPException:
        raise
    except Exception as error:
        log.warning("turned away from %s: %s", request.scope["route"].path, type(error).__name__)
        raise HTTPException(401, "Not authenticated", {"WWW-Authenticate": "Bearer"}) from None


def decode(token, key):
    ours = {"verify_aud": False, "verify_iss": False, "verify_sub": False, "verify_jti": False, "verify_nbf": False}
    payload = jwt.decode(token, key, algorithms=["RS256"], leeway=5, options=ours | {"require": ["exp"]})
    claims = Claims.model_validate(payload)
    if not time.time() - 5 <= claims.exp < float("inf"):
        raise jwt.ExpiredSignatureError
    return claims


# ---- the application


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
        app.state.http = http
        tasks = [asyncio.create_task(heart(http)), asyncio.create_task(public_key.keep())]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


app = FastAPI(title="units", version=VERSION, lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False)
public_key = PublicKey()


class Plain(JSONResponse):
    """Whatever text there is in it, it can be encoded."""

    def render(self, content):
        return json.dumps(content).encode()


@app.exception_handler(RequestValidationError)
async def unprocessable(request, error):
    def clean(problem):
        where = [str(part)[:60] for part in problem["loc"]]
        return {"loc": where, "msg": problem["msg"], "type": problem["type"]}

    return Plain({"detail": [clean(problem) for problem in error.errors()[:20]]}, 422)


@app.exception_handler(Exception)
async def bug(request, error):
    return Plain({"detail": "Internal Server Error"}, 500)


class Message(BaseModel):
    from_service: StrictStr = Field(min_length=1)
    message_type: Literal["task_assignment", "status_update", "query"]
    payload: dict
    reply_to: StrictStr | None = Field(default=None, max_length=2048)

    @field_validator("reply_to")
    @classmethod
    def can_be_called(cls, url):
        if url is None:
            return None
        if re.search(r"[^!-~]|\\", url):
            raise ValueError("not a URL")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise ValueError("not an absolute http or https URL")
        if parts.port == 0:
            raise ValueError("not a port")
        if re.fullmatch(r"[0-9.]+|\[.*|0[xX].*", parts.netloc.rsplit(":", 1)[0] if parts.port else parts.netloc):
            address = ip_address(parts.hostname)
            address = getattr(address, "ipv4_mapped", None) or address
            if address.is_link_local or address.is_multicast or address.is_unspecified:
                raise ValueError("not an address of a service")
        elif not re.fullmatch(r"[\w-]+(\.[\w-]+)*\.?", parts.hostname, re.A):
            raise ValueError("not a host")
        elif re.search(r"(^|\.)(\d+|0x[0-9a-f]*)\.?$", parts.hostname):
            raise ValueError("not an address in dotted decimals")
        return url


class Receipt(BaseModel):
    received: bool
    message_id: str
    status: Literal["completed"]
    result: dict


@app.get("/health")
async def health():
    return {
        "status": "healthy" if me.token else "degraded",
        "timestamp": moment(),
        "uptime_seconds": int(time.monotonic() - me.born),
        "version": VERSION,
    }


@app.get("/capabilities")
async def capabilities():
    listed = [
        {"path": route.path, "method": sorted(route.methods)[0], "description": route.description or route.name}
        for route in app.routes
        if getattr(route, "include_in_schema", False)
    ]
    return {
        "service_name": conf.name,
        "droplet_id": conf.droplet_id,
        "capabilities": ["unit_conversion"],
        "supported_operations": ["convert", "units"],
        "integration_endpoints": listed,
        "version": VERSION,
    }


@app.get("/state")
async def state(request: Request):
    await who(request)
    body = {"status": "active" if me.token else "inactive", "mode": conf.mode, "metrics": figures()}
    return body | ({"last_activity": me.last} if me.last else {})


@app.get("/dependencies")
async def dependencies(request: Request):
    await who(request)
    return {"required_services": [], "optional_services": [], "external_apis": []}


@app.post("/message")
async def message(message: Message, request: Request) -> Receipt:
    """Takes a message and answers it at once."""
    claims = await who(request)
    if message.from_service != claims.service_name:
        log.warning("a message in somebody else's name")
        raise HTTPException(403, "from_service is not the service of the token")
    number = message.payload.get("value")
    metres = number if type(number) in (int, float) and abs(number) < 1e100 else 0
    result = {unit: metres / length for unit, length in UNITS.items()}
    return Receipt(received=True, message_id=f"msg-{uuid.uuid4().hex}", status="completed", result=result)


@app.get("/units")
async def units(request: Request):
    """The units that can be converted."""
    await who(request)
    return {"data": sorted(UNITS), "meta": {"timestamp": moment(), "version": VERSION}}


# ---- around the application


class Around:
    """Outside of everything, so that no answer lacks the headers and no body is too large."""

    def __init__(self, inner):
        self.inner = inner

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.inner(scope, receive, send)
        start = time.perf_counter()

        async def send_safely(event):
            if event["type"] == "http.response.start":
                took = time.perf_counter() - start
                me.window.append((time.monotonic(), took, event["status"] >= 500))
                me.answered += 1
                me.last = moment()
                event["headers"] = list(event["headers"]) + [
                    (b"x-content-type-options", b"nosniff"),
                    (b"x-frame-options", b"DENY"),
                    (b"x-xss-protection", b"1; mode=block"),
                ]
            await send(event)

        events, size = [], 0
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                return
            size += len(event.get("body", b""))
            if size <= BODY_MOST:
                events.append(event)
            if not event.get("more_body") or size > 20 * BODY_MOST:
                break
        if size > BODY_MOST:
            headers = {"Connection": "close"} if event.get("more_body") else None
            return await Plain({"detail": "Content Too Large"}, 413, headers)(scope, receive, send_safely)
        events.reverse()

        async def receive_again():
            return events.pop() if events else await receive()

        await self.inner(scope, receive_again, send_safely)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        conf.port = int(sys.argv[1])
    lines = logging.StreamHandler(sys.stdout)
    lines.setFormatter(Structured())
    logging.root.addHandler(lines)
    logging.root.setLevel(conf.level)
    logging.getLogger("httpx").setLevel(logging.ERROR)
    logging.getLogger("httpcore").setLevel(logging.ERROR)
    server = uvicorn.Server(
        uvicorn.Config(
            Around(app),
            host="127.0.0.1",
            port=conf.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )
    server.run()
