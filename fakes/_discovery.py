"""Fakes that stay up for others, and the way in which they are found on this machine.

One JSON file for each running pair, in a directory of the user's own under the system's temporary
directory. What a file says is believed only after the fake itself has said the same.
"""

import atexit
import contextlib
import getpass
import json
import os
import random
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from udckit.fakes._fake import Access
from udckit.fakes._running import LIFE
from udckit.fakes.clock import Clock
from udckit.fakes.orchestrator import FakeOrchestrator
from udckit.fakes.ports import free_port
from udckit.fakes.registry import FakeRegistry
from udckit.fakes.remote import ControlError, RemoteFake, RunningFakes

__all__ = ["FakesUp", "fakes_up", "find_running_fakes"]

_LOOK = 0.5  # seconds that a fake on loopback has to answer
_PRIVATE = 0o077


@dataclass(frozen=True, slots=True)
class FakesUp:
    """A Registry and an Orchestrator that are up."""

    registry: FakeRegistry
    orchestrator: FakeOrchestrator
    settings: Mapping[str, str] = field(default_factory=dict)
    """Who a droplet may be: a name and a number that nobody has by chance, and a free port."""

    @property
    def environment(self) -> dict[str, str]:
        """What a droplet needs to be started against them."""
        return {"REGISTRY_URL": self.registry.url, "ORCHESTRATOR_URL": self.orchestrator.url}


@contextlib.contextmanager
def fakes_up(
    registry_port: int = 0,
    orchestrator_port: int = 0,
    bind: str = "127.0.0.1",
    *,
    clock: Clock | None = None,
    control: Access = "loopback",
    announce: bool = True,
    **registry_facts: Any,
) -> Iterator[FakesUp]:
    """Start both fakes and announce them on this machine; stop them at the end.

    `bind` is the address to listen on, "0.0.0.0" for containers; `control` says who may use the
    control API; `registry_facts` go to FakeRegistry (`token_lifetime`, `host_from`, `key`).
    Raises OSError where a port is taken.
    """
    registry = FakeRegistry(
        port=registry_port, host=bind, clock=clock, control=control, **registry_facts
    )
    orchestrator = FakeOrchestrator(
        registry=registry, port=orchestrator_port, host=bind, control=control
    )
    with registry, orchestrator, contextlib.ExitStack() as stack:
        up = FakesUp(registry, orchestrator, _somebody())
        if announce and control != "nobody":
            stack.enter_context(_announced(up))
        yield up


def find_running_fakes() -> list[RunningFakes]:
    """Every pair that was announced by this user and answers on loopback, the newest first."""
    folder = _folder()
    if not _is_ours(folder):
        return []
    found = [_checked(path) for path in sorted(folder.glob("*.json"))]
    return sorted((one for one in found if one), key=lambda one: -one.started)


@contextlib.contextmanager
def _announced(up: FakesUp) -> Iterator[None]:
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_ours(folder):  # somebody else took the name: fakes that are not announced are fine
        yield
        return
    path = folder / f"{os.getpid()}-{up.registry.port}.json"
    told = {
        "pid": os.getpid(),
        "life": LIFE,
        "started": up.registry.clock.now(),
        "registry": up.registry.url,
        "orchestrator": up.orchestrator.url,
        "settings": dict(up.settings),
    }
    new = path.with_suffix(".new")
    new.write_text(json.dumps(told), encoding="utf-8")
    new.replace(path)
    atexit.register(path.unlink, missing_ok=True)
    try:
        yield
    finally:
        atexit.unregister(path.unlink)
        path.unlink(missing_ok=True)


def _somebody() -> dict[str, str]:
    """A droplet that registers so has read its environment: nobody is called that by default."""
    number = random.SystemRandom().randrange(100_000, 1_000_000)
    settings = {"SERVICE_NAME": f"droplet-{number:x}", "DROPLET_ID": str(number)}
    with contextlib.suppress(OSError):
        settings["SERVICE_PORT"] = str(free_port())
    return settings


def _checked(path: Path) -> RunningFakes | None:
    """The pair that a file tells of, if it is there and is the one."""
    try:
        told = json.loads(path.read_bytes())
        running = RunningFakes(
            pid=int(told["pid"]),
            registry=RemoteFake(str(told["registry"])),
            orchestrator=RemoteFake(str(told["orchestrator"])),
            started=float(told["started"]),
            settings={str(name): str(value) for name, value in told.get("settings", {}).items()},
        )
        life = told["life"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    for fake in (running.registry, running.orchestrator):
        with contextlib.suppress(ControlError, ValueError):
            if fake.describe(timeout=_LOOK).get("life") == life:
                return running
    if not _lives(running.pid):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
    return None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError, OSError):
        return True
    return True


def _folder() -> Path:
    return Path(tempfile.gettempdir()) / f"udckit-{_user()}"


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else getpass.getuser()


def _is_ours(folder: Path) -> bool:
    """Whether the folder is a real one, this user's, and closed to others."""
    try:
        facts = folder.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(facts.st_mode):
        return False
    if not hasattr(os, "getuid"):
        return True
    return facts.st_uid == os.getuid() and not facts.st_mode & _PRIVATE
