"""Targets that the kit brings up: launched, awaited, stopped with all their children."""

import os
import shlex
import sys
import textwrap
import time
from pathlib import Path

import pytest

from udckit.conformance._wire import Outgoing, Wire
from udckit.conformance.errors import InvocationError, UnreachableError
from udckit.conformance.target import free_port, launch, serve_app

SERVER = """
    import http.server, os, subprocess, sys
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = os.environ["SERVICE_NAME"].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print("child", child.pid, flush=True)
    http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


def command(tmp_path: Path, script: str) -> str:
    path = tmp_path / "droplet.py"
    path.write_text(textwrap.dedent(script))
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(path))} {{port}}"


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state.rsplit(")", 1)[1].split()[0] != "Z"


def ends(pid: int, *, within: float) -> bool:
    """Say whether a process that was killed is gone by a deadline, however busy the machine."""
    deadline = time.monotonic() + within
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_running(pid)


def test_a_launched_target_answers_and_is_stopped_with_its_children(tmp_path: Path) -> None:
    with launch(command(tmp_path, SERVER), {"SERVICE_NAME": "x"}, startup=20) as running:
        assert running.url.endswith(str(running.port))
        assert running.boot_seconds > 0
        child = int(next(line for line in running.log if line.startswith("child")).split()[1])
        assert is_running(child)

    assert running.exit_status is not None
    assert ends(child, within=5)


def test_a_target_that_exits_is_told_with_its_last_lines(tmp_path: Path) -> None:
    script = "raise SystemExit('no database')"

    with (
        pytest.raises(UnreachableError, match=r"exited with status 1(?s:.*)no database"),
        launch(command(tmp_path, script), {}, startup=20),
    ):
        pytest.fail("it never ran")


def test_a_target_that_never_listens_is_told_within_the_startup_time(tmp_path: Path) -> None:
    with (
        pytest.raises(UnreachableError, match=r"within 0\.3 s"),
        launch(command(tmp_path, "import time; time.sleep(60)"), {}, startup=0.3),
    ):
        pytest.fail("it never listened")


@pytest.mark.parametrize("words", ["", "no-such-program-here {port}", "'unclosed"])
def test_a_command_that_cannot_be_started_is_bad_input(words: str) -> None:
    with pytest.raises(InvocationError), launch(words, {}, startup=1):
        pytest.fail("it cannot run")


def test_a_free_port_lies_below_the_ephemeral_range() -> None:
    assert all(20_000 <= free_port() < 32_000 for _ in range(20))


@pytest.mark.parametrize("spec", ["nothing", "no_such_module:app", "json:no_such_app"])
def test_an_app_that_cannot_be_imported_is_bad_input(spec: str) -> None:
    before = dict(os.environ)
    with pytest.raises(InvocationError), serve_app(spec, {"SERVICE_PORT": str(free_port())}):
        pytest.fail("it cannot run")

    assert dict(os.environ) == before


def test_an_app_is_served_on_a_real_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tiny_app.py").write_text(
        textwrap.dedent(
            """
            import os
            async def app(scope, receive, send):
                if scope["type"] == "http":
                    await send({"type": "http.response.start", "status": 200, "headers": []})
                    body = os.environ["REGISTRY_URL"].encode()
                    await send({"type": "http.response.body", "body": body})
            """
        )
    )
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    environment = {"SERVICE_PORT": str(free_port()), "REGISTRY_URL": "http://127.0.0.1:9"}

    with serve_app("tiny_app:app", environment) as url:
        wire = Wire(url)
        returned = wire.send(Outgoing("GET", "/health"))
        wire.close()

    assert returned.body == b"http://127.0.0.1:9"
    assert dict(os.environ) == before
