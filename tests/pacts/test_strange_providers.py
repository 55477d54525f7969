"""Providers that answer for ever, send one elsewhere, or stand behind a gateway."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from pacts.typing_pact import ROOT
from udckit.conformance import Options
from udckit.conformance.pacts import kit_pacts, verify
from udckit.fakes import FakesUp


class Flood(BaseHTTPRequestHandler):
    """Never stops answering."""

    def do_GET(self) -> None:
        with contextlib.suppress(OSError):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            while True:
                self.wfile.write(b"a" * 65_536)

    def log_message(self, *_: object) -> None:
        pass


class Redirect(Flood):
    """Sends everybody elsewhere."""

    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", "http://192.0.2.1/")
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.mark.parametrize(
    ("handler", "observed"),
    [(Flood, "the answer has no end: more than a mebibyte came"), (Redirect, "status 302")],
)
def test_hostile_provider_is_read_so_far_and_not_followed(
    handler: type[BaseHTTPRequestHandler], observed: str
) -> None:
    with serving(handler) as url:
        (pact,) = kit_pacts("registry")
        key = next(one for one in pact.interactions if one.description.endswith("public key"))
        options = Options(url=url, role="registry", token="none")  # noqa: S106 - no token at all
        (finding,) = verify(options, [replace(pact, interactions=(key,))])

    assert finding.verdict == "fail"
    assert [one.observed for one in finding.mismatches] == [observed]


@contextlib.contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_headers_and_base_path_go_with_every_request(fakes: FakesUp) -> None:
    class Site(Flood):
        """A Registry behind a gateway, which wants a header of its own."""

        def do_GET(self) -> None:
            inner = self.path.removeprefix("/udc")
            if self.headers.get("X-Site") != "blue" or inner == self.path != "/health":
                self.send_error(403)
                return
            names = ("Authorization", "Content-Type")
            answer = httpx.request(
                self.command,
                fakes.registry.url + inner,
                content=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
                headers={name: self.headers[name] for name in names if name in self.headers},
            )
            self.send_response(answer.status_code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_POST = do_GET  # noqa: N815 - the name is http.server's

    with serving(Site) as url:
        token = fakes.registry.mint(service_name="somebody")
        options = Options(
            url=url,
            role="registry",
            base_path="/udc",
            headers=(("X-Site", "blue"),),
            token=token,
            signing_key=ROOT / "fakes/keys/not-a-secret-udckit-test-key.pem",
        )
        (pact,) = kit_pacts("registry")
        wanted = ("a look at the public key", "a registration", "a look-up with an expired token")
        few = [one for one in pact.interactions if one.description in wanted]
        findings = verify(options, [replace(pact, interactions=tuple(few))])

    assert [one.verdict for one in findings] == ["pass"] * 3, findings
