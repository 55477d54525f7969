"""Who plays the other side: a Registry, an Orchestrator and a droplet that keep the contract."""

from importlib import import_module
from typing import TYPE_CHECKING

from udckit.fakes._server import RunningServer, serve_asgi
from udckit.fakes._services import NameTakenError, Registration, Service
from udckit.fakes._tokens import SigningKey, TokenRefusedError, VerifyingKey, decode_unverified
from udckit.fakes.clock import Clock, ManualClock, SystemClock
from udckit.fakes.journal import Journal, JournalEntry, NotSeenError, OwnFault
from udckit.fakes.registry import FakeRegistry

if TYPE_CHECKING:
    from udckit.fakes._beats import DropletSeen
    from udckit.fakes._discovery import FakesUp, fakes_up, find_running_fakes
    from udckit.fakes._redaction import Redaction, token_ref
    from udckit.fakes._tasks import Attempt, Task
    from udckit.fakes.behaviour import Behaviour
    from udckit.fakes.droplet import FakeDroplet
    from udckit.fakes.ending import Ending, until_signalled
    from udckit.fakes.faults import KINDS, Fault, Kind
    from udckit.fakes.orchestrator import FakeOrchestrator
    from udckit.fakes.platform import platform_fake, run_platform
    from udckit.fakes.remote import ControlError, RemoteFake, RunningFakes
    from udckit.fakes.settings import (
        DropletSettings,
        OrchestratorSettings,
        RegistrySettings,
        SettingsError,
    )
    from udckit.fakes.standalone import run_droplet

__all__ = [
    "KINDS",
    "Attempt",
    "Behaviour",
    "Clock",
    "ControlError",
    "DropletSeen",
    "DropletSettings",
    "Ending",
    "FakeDroplet",
    "FakeOrchestrator",
    "FakeRegistry",
    "FakesUp",
    "Fault",
    "Journal",
    "JournalEntry",
    "Kind",
    "ManualClock",
    "NameTakenError",
    "NotSeenError",
    "OrchestratorSettings",
    "OwnFault",
    "Redaction",
    "Registration",
    "RegistrySettings",
    "RemoteFake",
    "RunningFakes",
    "RunningServer",
    "Service",
    "SettingsError",
    "SigningKey",
    "SystemClock",
    "Task",
    "TokenRefusedError",
    "VerifyingKey",
    "decode_unverified",
    "fakes_up",
    "find_running_fakes",
    "platform_fake",
    "run_droplet",
    "run_platform",
    "serve_asgi",
    "token_ref",
    "until_signalled",
]

_LATER = {
    "KINDS": "faults",
    "Attempt": "_tasks",
    "Behaviour": "behaviour",
    "ControlError": "remote",
    "DropletSeen": "_beats",
    "DropletSettings": "settings",
    "Ending": "ending",
    "FakeDroplet": "droplet",
    "FakeOrchestrator": "orchestrator",
    "FakesUp": "_discovery",
    "Fault": "faults",
    "Kind": "faults",
    "OrchestratorSettings": "settings",
    "Redaction": "_redaction",
    "RegistrySettings": "settings",
    "RemoteFake": "remote",
    "RunningFakes": "remote",
    "SettingsError": "settings",
    "Task": "_tasks",
    "fakes_up": "_discovery",
    "find_running_fakes": "_discovery",
    "platform_fake": "platform",
    "run_droplet": "standalone",
    "run_platform": "platform",
    "token_ref": "_redaction",
    "until_signalled": "ending",
}


def __getattr__(name: str) -> object:
    """Import what a Registry alone does not need when it is first asked for."""
    if name in _LATER:
        return getattr(import_module(f"udckit.fakes.{_LATER[name]}"), name)
    raise AttributeError(f"module 'udckit.fakes' has no attribute {name!r}")
