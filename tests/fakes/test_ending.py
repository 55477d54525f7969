"""A process that serves ends at a signal, whenever it comes."""

import signal
import subprocess
import sys

from udckit.fakes import Ending

MANY_SIGNALS = """
import signal
from udckit.fakes import Ending

for turn in range(20_000):
    with Ending() as over:
        over.listen_to(signal.SIGALRM)
        signal.setitimer(signal.ITIMER_REAL, (1 + turn % 40) * 1e-6)
        over.wait()
        assert over.is_set()
print("ended")
"""


SERVES = """
from udckit.fakes import until_signalled

with until_signalled() as over:
    print("up", flush=True)
    over.wait()
"""


def test_signal_is_heard_at_any_moment() -> None:
    # The same with threading.Event, set by a handler, hangs.
    ran = subprocess.run(
        [sys.executable, "-c", MANY_SIGNALS],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ran.stdout, ran.returncode) == ("ended\n", 0), ran.stderr


def test_what_was_said_stays_said() -> None:
    with Ending() as over:
        assert not over.is_set()
        for _ in range(10_000):  # far more than a socket holds
            over.set()
        over.wait()
        over.wait()
        assert over.is_set()


def test_process_that_serves_ends_with_either_signal() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        with subprocess.Popen(
            [sys.executable, "-c", SERVES], stdout=subprocess.PIPE, text=True
        ) as one:
            assert one.stdout is not None
            assert one.stdout.readline() == "up\n"
            one.send_signal(number)
            assert one.wait(timeout=60) == 0
