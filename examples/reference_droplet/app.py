"""The application: `uvicorn reference_droplet.app:app --port 8010`."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from reference_droplet import __version__, jobs, messages, peers, udc
from reference_droplet.droplet import Droplet
from reference_droplet.errors import speak_in_form
from reference_droplet.logs import start_logging
from reference_droplet.metrics import Metrics
from reference_droplet.middleware import BoundedBody, Outermost
from reference_droplet.settings import Settings, get_settings
from reference_droplet.state import Activity

# What the guide's section 2 does otherwise: @app.on_event is deprecated, a lifespan replaces it;
# and asyncio.create_task there keeps no reference, so that the beat may be collected at any time.

logger = logging.getLogger(__name__)

ROUTERS = [udc.public, udc.protected, messages.router, jobs.router, peers.router]


def create_app(settings: Settings | None = None) -> FastAPI:
    """A droplet with these settings; with those of the environment where none are given."""
    settings = settings or get_settings()
    start_logging(settings.service_name, settings.log_level)
    activity, metrics = Activity(), Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        droplet = Droplet(settings, activity)
        app.state.droplet = droplet
        await droplet.prepare()
        droplet.start()
        logger.info("started")
        yield
        await droplet.stop()
        logger.info("stopped")

    app = FastAPI(
        title=settings.service_name,
        version=__version__,
        lifespan=lifespan,
        redirect_slashes=False,  # /state/ is not /state
        docs_url="/docs" if settings.mode == "development" else None,
        redoc_url=None,
    )
    app.state.metrics = metrics
    app.state.endpoints = udc.endpoints_of(ROUTERS)
    for router in ROUTERS:
        app.include_router(router)
    speak_in_form(app)
    app.add_middleware(BoundedBody)
    app.add_middleware(Outermost, activity=activity, metrics=metrics)  # added last, so outermost
    return app


app = create_app()
