"""Who plays the other side: a Registry, an Orchestrator and a droplet that keep the contract."""

from udckit.fakes._beats import DropletSeen
from udckit.fakes._server import RunningServer, serve_asgi
from udckit.fakes._services import NameTakenError, Registration, Service
from udckit.fakes._tasks import Attempt, Task
from udckit.fakes._tokens import SigningKey, TokenRefusedError, VerifyingKey, decode_unverified
from udckit.fakes.behaviour import Behaviour
from udckit.fakes.clock import Clock, ManualClock, SystemClock
from udckit.fakes.droplet import FakeDroplet
from udckit.fakes.faults import KINDS, Fault, Kind
from udckit.fakes.journal import Journal, JournalEntry, NotSeenError, OwnFault
from udckit.fakes.orchestrator import FakeOrchestrator
from udckit.fakes.registry import FakeRegistry

__all__ = [
    "KINDS",
    "Attempt",
    "Behaviour",
    "Clock",
    "DropletSeen",
    "FakeDroplet",
    "FakeOrchestrator",
    "FakeRegistry",
    "Fault",
    "Journal",
    "JournalEntry",
    "Kind",
    "ManualClock",
    "NameTakenError",
    "NotSeenError",
    "OwnFault",
    "Registration",
    "RunningServer",
    "Service",
    "SigningKey",
    "SystemClock",
    "Task",
    "TokenRefusedError",
    "VerifyingKey",
    "decode_unverified",
    "serve_asgi",
]
