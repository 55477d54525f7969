"""A right droplet on the standard library, threads, and cryptography for RS256.

Legal difference: nothing is asynchronous. http.server answers in threads, and the beat waits on a
threading.Event. Every message is processing; the callback comes from a thread of its own.

Run: python droplet.py [PORT]
"""

import base64
import http.client
import io
import json
import os
import queue
import random
import re
import signal
import socket
import sys
import threading
import time
import traceback
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

VERSION = "1.1.1"
MEGABYTE = 1 << 20
LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"]


def zulu(seconds=None):
    seconds = time.time() if seconds is None else seconds
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ".%03dZ" % (seconds % 1 * 1000)


class Log:
    def __init__(self, name, level):
        self.name, self.floor, self.lock = name, LEVELS.index(level), threading.Lock()

    def __call__(self, level, message, **more):
        if LEVELS.index(level) >= self.floor:
            line = json.dumps({"time": zulu(), "level": level, "service": self.name, "message": message, **more})
            with self.lock:
                sys.stdout.write(line + "\n")
                sys.stdout.flush()


class Settings:
    def __init__(self, env, argv):
        self.registry = (env.get("REGISTRY_URL") or "http://registry:8000").rstrip("/")
        self.orchestrator = (env.get("ORCHESTRATOR_URL") or "http://orchestrator:8001").rstrip("/")
        self.name = env.get("SERVICE_NAME") or "stdlib-threads"
        self.droplet_id = self.natural(env.get("DROPLET_ID"), 81)
        self.port = self.natural(argv[1] if len(argv) > 1 else env.get("SERVICE_PORT"), 8081)
        self.mode = "development" if env.get("ENVIRONMENT") == "development" else "production"
        self.level = env.get("LOG_LEVEL") if env.get("LOG_LEVEL") in LEVELS else "INFO"

    @staticmethod
    def natural(text, default):
        try:
            return int(text) if int(text) > 0 else default
        except (TypeError, ValueError):
            return default


# ------------------------------------------------------------------ calling others


class NoAnswer(Exception):
    taken = None  # whether the other side may have got the request


def call(method, url, *, limit, token=None, body=None):
    """Status and parsed JSON (or None). After `limit` seconds the socket is shut, whatever it does."""
    parts = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=limit)
    late = threading.Event()
    done = threading.Event()

    def watch():
        if not done.wait(limit):
            late.set()
            sock = connection.sock
            if sock is not None:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    trouble = NoAnswer()
    trouble.taken = False
    try:
        connection.connect()
        trouble.taken = True
        threading.Thread(target=watch, daemon=True).start()
        headers = {"Accept": "application/json", "Connection": "close"}
        if token:
            headers["Authorization"] = "Bearer " + token
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        target = url.split("://", 1)[1].partition("#")[0]
        target = target[len(parts.netloc) :]
        connection.request(method, target if target.startswith("/") else "/" + target, data, headers)
        response = connection.getresponse()
        raw = response.read(MEGABYTE + 1)
        if late.is_set() or len(raw) > MEGABYTE:
            raise OSError("too late" if late.is_set() else "too much")
    except (OSError, http.client.HTTPException, ValueError) as error:
        trouble.args = ("no answer in time" if late.is_set() else f"{type(error).__name__} {error}"[:200],)
        raise trouble from None
    finally:
        done.set()
        connection.close()
    try:
        return response.status, json.loads(raw)
    except (ValueError, RecursionError):
        return response.status, None


# ------------------------------------------------------------------ the droplet


class Droplet:
    CAPABILITIES = ["arithmetic"]

    def __init__(self, settings, log):
        self.settings, self.log = settings, log
        self.born = time.monotonic()
        self.stop = threading.Event()
        self.token = self.service_id = None
        self.ends = float("inf")
        self.renew = float("inf")
        self.registering = threading.Lock()
        self.registered = threading.Event()
        self.counting = threading.Lock()
        self.minute, self.total, self.last = [], 0, None
        self.key = self.pem = None
        self.keying = threading.Lock()
        self.key_failed = float("-inf")
        self.key_looks = []

    # -- numbers

    def count(self, seconds, failed):
        with self.counting:
            self.minute.append((time.monotonic(), seconds, failed))
            self.total += 1
            self.last = time.time()
            if len(self.minute) > 150_000:
                del self.minute[:50_000]

    def numbers(self):
        with self.counting:
            edge = time.monotonic() - 60
            self.minute = [entry for entry in self.minute if entry[0] >= edge]
            n, minute, total = len(self.minute), self.minute, self.total
            return {
                "requests_per_minute": n,
                "average_response_time_ms": round(1000 * sum(e[1] for e in minute) / n, 3) if n else 0,
                "error_rate_percent": round(100 * sum(e[2] for e in minute) / n, 3) if n else 0,
                "requests_total": total,
                "threads": threading.active_count(),
            }

    # -- registration and beats

    def register(self, refused=None):
        """One try. Where `refused` is no longer the token, somebody else has been here."""
        with self.registering:
            if refused is not None and refused != self.token:
                return
            status, answer = call(
                "POST",
                self.settings.registry + "/register",
                limit=10,
                body={
                    "name": self.settings.name,
                    "droplet_id": self.settings.droplet_id,
                    "port": self.settings.port,
                    "health_endpoint": "/health",
                    "capabilities": self.CAPABILITIES,
                    "version": VERSION,
                    "udc_compliant": True,
                },
            )
            if status != 201 or not isinstance(answer, dict):
                raise RuntimeError(f"the Registry said {status}")
            token, number = answer.get("token"), answer.get("service_id")
            if not isinstance(token, str) or not token or type(number) is not int:
                raise RuntimeError("the Registry said 201 and gave no token")
            self.token, self.service_id = token, number
            self.ends = self.renew = float("inf")
            try:
                claims = json.loads(unpack(token.split(".")[1]))
                life = float(claims["exp"] - claims["iat"])
                if life > 0:
                    self.ends, self.renew = time.monotonic() + life, time.monotonic() + life * 0.7
            except (LookupError, TypeError, ValueError):
                pass
            self.registered.set()
            self.log("INFO", "registered", service_id=number)

    def register_at_last(self):
        delay = 1
        while not self.stop.is_set():
            try:
                return self.register()
            except Exception as error:
                self.log("WARNING", "POST /register failed", error=str(error), again_in=delay)
            self.stop.wait(delay)
            delay = min(delay * 2, 10)

    def with_token(self, method, url, **more):
        token = self.token
        status, answer = call(method, url, token=token, **more)
        if status == 401:
            self.log("WARNING", "my token was refused, registering again", by=urllib.parse.urlsplit(url).netloc)
            self.register(refused=token)
            status, answer = call(method, url, token=self.token, **more)
        return status, answer

    def live(self):
        self.register_at_last()
        due = time.monotonic()
        while not self.stop.is_set():
            if time.monotonic() >= self.ends:
                self.register_at_last()
            elif time.monotonic() >= self.renew:
                try:
                    self.register()
                except Exception as error:
                    self.log("WARNING", "renewal failed", error=str(error))
            began = time.monotonic()
            try:
                self.beat()
                self.log("DEBUG", "beat taken")
            except Exception as error:
                self.log("ERROR", "POST /heartbeat failed", error=str(error))
            due = (due if began - due < 2 else began) + 60
            self.stop.wait(max(0, due - time.monotonic()))

    def beat(self):
        numbers = self.numbers()
        status, _ = self.with_token(
            "POST",
            self.settings.orchestrator + "/heartbeat",
            limit=5,
            body={
                "service_id": self.service_id,
                "service_name": self.settings.name,
                "status": "active",
                "metrics": {
                    "requests_per_minute": numbers["requests_per_minute"],
                    "error_rate": numbers["error_rate_percent"],
                    "requests_total": numbers["requests_total"],
                    "threads": numbers["threads"],
                },
            },
        )
        if not 200 <= status < 300:
            raise RuntimeError(f"the Orchestrator said {status}")

    # -- the Registry's key

    def fetch_key(self):
        try:
            status, answer = call("GET", self.settings.registry + "/auth/public-key", limit=5)
            if status != 200:
                raise ValueError(f"the Registry said {status}")
            pem = answer["public_key"]
            key = load_pem_public_key(pem.encode())
            if not isinstance(key, rsa.RSAPublicKey):
                raise ValueError("it is no RSA key")
            self.key, self.pem = (self.key, self.pem) if pem == self.pem else (key, pem)
        except Exception as error:
            self.key_failed = time.monotonic()
            self.log("ERROR", "GET /auth/public-key failed", error=str(error)[:200])

    def usable_key(self):
        if self.key is None:
            with self.keying:
                if self.key is None and time.monotonic() - self.key_failed > 1:
                    self.fetch_key()
        return self.key

    def key_after(self, useless):
        with self.keying:
            if self.key is useless:
                now = time.monotonic()
                self.key_looks = [then for then in self.key_looks if now - then < 30]
                if len(self.key_looks) < 3:
                    self.key_looks.append(now)
                    self.fetch_key()
            return self.key

    def renew_key(self):
        while not self.stop.wait(240):
            if self.key is not None:
                with self.keying:
                    self.fetch_key()

    # -- callbacks

    def knows(self, url, sender):
        place = location(url)
        if place == location(self.settings.orchestrator):
            return True
        for path in ("/services/by-name/" + urllib.parse.quote(sender, safe=""), "/services"):
            status, found = self.with_token("GET", self.settings.registry + path, limit=4)
            if status not in (200, 404):
                raise RuntimeError(f"the Registry said {status} to GET {path}")
            if isinstance(found, dict):
                found = found.get("services", [found])
            for service in found if status == 200 and isinstance(found, list) else []:
                if isinstance(service, dict) and service.get("port") == place[1]:
                    if place[0] in (str(service.get("host")).lower(), str(service.get("name")).lower()):
                        return True
        return False

    def knows_in_time(self, url, sender):
        """`knows`, or an exception, within four seconds."""
        answers = queue.SimpleQueue()

        def ask():
            try:
                answers.put((True, self.knows(url, sender)))
            except Exception as error:
                answers.put((False, error))

        threading.Thread(target=ask, daemon=True).start()
        try:
            settled, answer = answers.get(timeout=4)
        except queue.Empty:
            raise TimeoutError("no answer within 4 s") from None
        if not settled:
            raise answer
        return answer

    def call_back(self, url, outcome):
        if not self.registered.wait(30):
            return self.log("ERROR", "callback lost, not registered", message_id=outcome["message_id"])
        for rest in (1, 2, 0):
            try:
                status, _ = self.with_token("POST", url, limit=10, body=outcome)
                if 200 <= status < 300:
                    return self.log("INFO", "called back", message_id=outcome["message_id"])
                error, again = f"status {status}", status in (429, 502, 503, 504)
            except NoAnswer as failure:
                error, again = str(failure), not failure.taken
            except Exception as failure:
                error, again = str(failure), False
            self.log("ERROR", "callback failed", message_id=outcome["message_id"], error=error)
            if not again or not rest or self.stop.wait(rest):
                return None
        return None


def unpack(segment):
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def location(url):
    """(host, port) of a URL that can be called. Raises ValueError."""
    if not isinstance(url, str) or len(url) > 2048 or re.search(r"[^!-~]|\\", url):
        raise ValueError("no text of a URL")
    parts = urllib.parse.urlsplit(url)
    host, port = (parts.hostname or "").lower(), parts.port
    if parts.scheme not in ("http", "https") or not host or port == 0 or "@" in parts.netloc:
        raise ValueError("no absolute http or https URL")
    if ":" in host:
        socket.inet_pton(socket.AF_INET6, host)
    elif "[" in parts.netloc or not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", host):
        raise ValueError("no host")
    return host, port or (443 if parts.scheme == "https" else 80)


# ------------------------------------------------------------------ HTTP


class Refused(Exception):
    def __init__(self, status, code, message, why=None, **headers):
        self.status, self.code, self.message, self.why, self.headers = status, code, message, why, headers


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "droplet", ""
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 60
    droplet = None
    began = None

    # -- plumbing

    def log_message(self, *_):
        pass

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (OSError, ValueError):
            self.close_connection = True

    def finish(self):
        try:
            super().finish()
        except (OSError, ValueError):
            pass

    def parse_request(self):
        self.began = time.perf_counter()
        return super().parse_request()

    def handle_expect_100(self):
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def send_error(self, code, message=None, explain=None):
        """What http.server itself has to say, in our form."""
        self.close_connection = True
        if self.request_version == "HTTP/0.9":
            self.request_version = "HTTP/1.1"
        phrase = http.HTTPStatus(code).phrase if code in set(http.HTTPStatus) else "Error"
        self.reply(code, {"error": {"code": re.sub(r"[^A-Z]+", "_", phrase.upper()), "message": phrase}})

    def reply(self, status, value, headers=()):
        data = json.dumps(value).encode()
        self.send_response_only(status)
        self.send_header("Date", self.date_time_string())
        for name, text in (
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(data))),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("X-XSS-Protection", "1; mode=block"),
            *headers,
        ):
            self.send_header(name, text)
        if self.close_connection:
            self.send_header("Connection", "close")
        took = time.perf_counter() - (self.began or time.perf_counter())
        self.droplet.count(took, status >= 500)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        self.wfile.flush()

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.exchange
        raise AttributeError(name)

    def exchange(self):
        try:
            body = self.body()
            status, value, headers = 200, self.route(body), ()
        except Refused as refused:
            if refused.status in (401, 403):
                self.droplet.log("WARNING", "refused", status=refused.status, why=refused.why or refused.code)
            status, value = refused.status, {"error": {"code": refused.code, "message": refused.message}}
            headers = [(name.replace("_", "-"), text) for name, text in refused.headers.items()]
        except OSError:
            self.close_connection = True
            return
        except Exception:
            self.droplet.log("ERROR", "unhandled", trace=traceback.format_exc())
            status, headers = 500, ()
            value = {"error": {"code": "INTERNAL_ERROR", "message": "Something is broken in here"}}
        self.reply(status, value, headers)

    # -- bodies

    def body(self):
        """All of the body, up to a megabyte. What is beyond is read too, within reason, and thrown away."""
        lengths = self.headers.get_all("Content-Length", [])
        coding = self.headers.get_all("Transfer-Encoding", [])
        if coding:
            if [c.strip().lower() for c in coding] != ["chunked"] or lengths:
                self.close_connection = True
                raise Refused(400, "BAD_REQUEST", "This framing is not understood")
            return self.chunked()
        if not lengths:
            return b""
        if len(set(lengths)) > 1 or not re.fullmatch("[0-9]{1,15}", lengths[0].strip()):
            self.close_connection = True
            raise Refused(400, "BAD_REQUEST", "Content-Length is no length")
        length = int(lengths[0])
        if length > MEGABYTE:
            self.too_large(length)
        data = self.rfile.read(length)
        if len(data) < length:
            raise OSError("the client went away")
        return data

    def too_large(self, rest):
        self.close_connection = True
        deadline = time.monotonic() + 10
        rest = min(rest, 64 * MEGABYTE)
        while rest > 0 and time.monotonic() < deadline:
            got = self.rfile.read(min(rest, 65536))
            if not got:
                break
            rest -= len(got)
        raise Refused(413, "BODY_TOO_LARGE", "A megabyte is all that is read")

    def chunked(self):
        whole = io.BytesIO()
        while True:
            size = self.rfile.readline(100).split(b";")[0].strip()
            if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", size):
                self.close_connection = True
                raise Refused(400, "BAD_REQUEST", "A chunk has no size")
            length = int(size, 16)
            if length == 0:
                while self.rfile.readline(65537) not in (b"\r\n", b"\n", b""):
                    pass
                return whole.getvalue()
            if whole.tell() + length > MEGABYTE:
                self.close_connection = True
                raise Refused(413, "BODY_TOO_LARGE", "A megabyte is all that is read")
            whole.write(self.rfile.read(length))
            if self.rfile.readline(3) != b"\r\n":
                self.close_connection = True
                raise Refused(400, "BAD_REQUEST", "A chunk is longer than it says")

    # -- who asks

    def claims(self):
        def no(why):
            return Refused(401, "UNAUTHORIZED", "A valid bearer token is wanted", why, WWW_Authenticate="Bearer")

        fields = self.headers.get_all("Authorization", [])
        shape = re.fullmatch(r"[ \t]*(\S+)[ \t]+(\S+)[ \t]*", fields[0]) if len(fields) == 1 else None
        if not shape or shape[1].lower() != "bearer":
            raise no("no bearer token")
        parts = shape[2].split(".")
        if len(parts) != 3 or len(shape[2]) > 8192 or not all(re.fullmatch("[A-Za-z0-9_-]+", p) for p in parts):
            raise no("no compact token")
        try:
            header = json.loads(unpack(parts[0]))
            signature = unpack(parts[2])
        except (ValueError, RecursionError):
            raise no("unreadable") from None
        if not isinstance(header, dict) or header.get("alg") != "RS256" or "crit" in header:
            raise no("not RS256")
        key = self.droplet.usable_key()
        if key is None:
            raise Refused(503, "KEY_UNAVAILABLE", "Tokens cannot be checked now", Retry_After="2")
        signed = f"{parts[0]}.{parts[1]}".encode()
        if not self.holds(key, signature, signed):
            newer = self.droplet.key_after(key)
            if newer is key or not self.holds(newer, signature, signed):
                raise no("bad signature")
        try:
            claims = json.loads(unpack(parts[1]))
        except (ValueError, RecursionError):
            claims = None
        if not isinstance(claims, dict):
            raise no("no claims")
        exp, number, name = claims.get("exp"), claims.get("service_id"), claims.get("service_name")
        if type(exp) not in (int, float) or not time.time() < exp < float("inf"):
            raise no("expired")
        if type(number) is not int or type(name) is not str or not name:
            raise no("nobody's")
        return claims

    @staticmethod
    def holds(key, signature, signed):
        try:
            key.verify(signature, signed, padding.PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True

    # -- what is served

    ROUTES = {
        "/health": ("GET", "health", "Is it well?"),
        "/capabilities": ("GET", "capabilities", "What can it do?"),
        "/state": ("GET", "state", "What is it doing?"),
        "/dependencies": ("GET", "dependencies", "What does it need?"),
        "/message": ("POST", "message", "Takes a message"),
    }

    def route(self, body):
        path = re.sub(r"^https?://[^/?]*", "", self.path).partition("?")[0]
        if path not in self.ROUTES:
            raise Refused(404, "NOT_FOUND", "There is nothing of that name")
        method, name, _ = self.ROUTES[path]
        if self.command != method and (self.command, method) != ("HEAD", "GET"):
            raise Refused(405, "METHOD_NOT_ALLOWED", f"Only {method}", Allow=method)
        return getattr(self, "on_" + name)(body)

    def on_health(self, _):
        return {
            "status": "healthy" if self.droplet.token else "degraded",
            "timestamp": zulu(),
            "uptime_seconds": int(time.monotonic() - self.droplet.born),
            "version": VERSION,
            "checks": {"registration": "healthy" if self.droplet.token else "unhealthy"},
        }

    def on_capabilities(self, _):
        return {
            "service_name": self.droplet.settings.name,
            "droplet_id": self.droplet.settings.droplet_id,
            "capabilities": self.droplet.CAPABILITIES,
            "supported_operations": ["sum"],
            "integration_endpoints": [
                {"path": path, "method": method, "description": text}
                for path, (method, _, text) in self.ROUTES.items()
            ],
            "version": VERSION,
        }

    def on_state(self, _):
        self.claims()
        droplet = self.droplet
        return {
            "status": "active" if droplet.token else "inactive",
            "mode": droplet.settings.mode,
            "metrics": droplet.numbers(),
            "last_activity": zulu(droplet.last or time.time()),
        }

    def on_dependencies(self, _):
        self.claims()
        return {"required_services": [], "optional_services": [], "external_apis": []}

    def on_message(self, body):
        claims = self.claims()
        if body and self.headers.get_content_type() != "application/json":
            if not self.headers.get_content_subtype().endswith("+json"):
                raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "Only application/json is read")
        try:
            message = json.loads(body)
            assert isinstance(message, dict)
        except (ValueError, RecursionError, AssertionError):
            raise Refused(400, "INVALID_JSON", "The body is no JSON object") from None
        sender, kind = message.get("from_service"), message.get("message_type")
        payload, reply_to = message.get("payload"), message.get("reply_to")
        if not isinstance(sender, str) or not sender:
            raise Refused(400, "INVALID_MESSAGE", "from_service is not the name of a service")
        if kind not in ("task_assignment", "status_update", "query"):
            raise Refused(400, "INVALID_MESSAGE", "message_type is none of the three")
        if not isinstance(payload, dict):
            raise Refused(400, "INVALID_MESSAGE", "payload is no object")
        if reply_to is not None:
            try:
                location(reply_to)
            except (ValueError, OSError):
                raise Refused(400, "INVALID_MESSAGE", "reply_to cannot be called") from None
        if sender != claims["service_name"]:
            raise Refused(403, "FORBIDDEN", "from_service is another than the token's service")
        if reply_to is not None:
            self.guard(reply_to, sender)
        message_id = f"msg-{random.SystemRandom().getrandbits(128):032x}"
        terms = [v for v in payload.values() if type(v) is int and abs(v) < 2**53]
        outcome = {
            "message_id": message_id,
            "status": "completed",
            "result": {"sum": sum(terms)},
            "from_service": self.droplet.settings.name,
        }
        if reply_to is not None:
            work = threading.Thread(target=self.droplet.call_back, args=(reply_to, outcome), daemon=True)
            work.start()
        return {"received": True, "message_id": message_id, "status": "processing"}

    def guard(self, reply_to, sender):
        try:
            known = self.droplet.knows_in_time(reply_to, sender)
        except Exception as error:
            self.droplet.log("ERROR", "reply_to cannot be looked up", error=str(error)[:200])
            raise Refused(503, "REGISTRY_UNAVAILABLE", "reply_to cannot be looked up now", Retry_After="5") from None
        if not known:
            self.droplet.log("WARNING", "reply_to leads to a stranger")
            raise Refused(400, "INVALID_MESSAGE", "reply_to leads to no registered service")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        self.RequestHandlerClass.droplet.log("DEBUG", "a connection broke", error=str(sys.exc_info()[1]))


def main():
    settings = Settings(os.environ, sys.argv)
    log = Log(settings.name, settings.level)
    Handler.droplet = droplet = Droplet(settings, log)
    server = Server(("127.0.0.1", settings.port), Handler)

    def end(*_):
        droplet.stop.set()
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    log("INFO", "listening", port=settings.port)
    threading.Thread(target=droplet.live, daemon=True).start()
    threading.Thread(target=droplet.renew_key, daemon=True).start()
    server.serve_forever(poll_interval=0.2)
    server.server_close()


if __name__ == "__main__":
    main()
