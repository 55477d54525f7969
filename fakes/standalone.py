"""A FakeDroplet as a process of its own, set up as the contract sets up every droplet."""

import sys
from typing import TextIO

from udckit.fakes.droplet import FakeDroplet
from udckit.fakes.ending import until_signalled
from udckit.fakes.settings import DropletSettings, logging_to

__all__ = ["run_droplet"]


def run_droplet(
    settings: DropletSettings, *, host: str = "127.0.0.1", out: TextIO | None = None
) -> int:
    """Run until SIGTERM or SIGINT; one JSON object a line goes to `out` (standard output).

    Gives the exit status: 0 after a signal, 1 where the port is taken or the droplet gave up.
    """
    log = logging_to(out or sys.stdout, settings)
    droplet = FakeDroplet(**settings.facts, host=host)
    with until_signalled() as over:
        if settings.behaviour.exits_when_registration_fails:
            droplet.gave_up = over
        try:
            droplet.start()
        except OSError as error:
            log.error("cannot listen", extra={"port": settings.service_port, "cause": str(error)})  # noqa: TRY400 - the cause says it
            return 1
        log.info("ready", extra={"url": droplet.url})
        over.wait()
        failed = settings.behaviour.exits_when_registration_fails and droplet.token is None
        droplet.stop()
    log.info("stopped")
    return settings.behaviour.exit_status if failed else settings.behaviour.ends_with
