"""Four of the five UDC endpoints; the fifth is messages.py."""

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from reference_droplet import __version__
from reference_droplet.auth import CurrentService
from reference_droplet.registry import CAPABILITIES
from reference_droplet.routes import protected_router
from reference_droplet.state import now, timestamp

# Guide section 11: healthy when the droplet is registered and nothing is known to be away,
# unhealthy without its database, degraded without anything else. The guide's sample looks while it
# is asked, so it hangs with whatever hangs; this one tells what was seen last (UDC-HEALTH-007).

public = APIRouter()
protected = protected_router()

OPERATIONS = ("list_jobs", "delegate_work", "ask_peer", "message_peer")


class Health(BaseModel):
    status: Literal["healthy", "degraded", "unhealthy"]
    timestamp: str
    uptime_seconds: int
    version: str
    checks: dict[str, Literal["healthy", "unhealthy"]]


class Endpoint(BaseModel):
    path: str
    method: str
    description: str


class Capabilities(BaseModel):
    service_name: str
    droplet_id: int
    capabilities: list[str]
    supported_operations: list[str]
    integration_endpoints: list[Endpoint]
    version: str


class State(BaseModel):
    status: Literal["active", "inactive", "error"]
    mode: Literal["production", "development", "maintenance"]
    metrics: dict[str, float]
    last_activity: str | None = None


class Dependencies(BaseModel):
    required_services: list[dict[str, Any]]
    optional_services: list[dict[str, Any]]
    external_apis: list[dict[str, Any]]


@public.get("/health", summary="Whether this droplet is well")
async def health(request: Request) -> Health:
    droplet = request.app.state.droplet
    checks: dict[str, Literal["healthy", "unhealthy"]] = {
        dependency.name: "unhealthy" if dependency.is_up is False else "healthy"
        for dependency in droplet.watch.dependencies
    }
    checks["registration"] = "healthy" if droplet.registry.is_registered else "unhealthy"
    return Health(
        status="unhealthy"
        if droplet.watch.misses_what_is_critical
        else "degraded"
        if "unhealthy" in checks.values()
        else "healthy",
        timestamp=now(),
        uptime_seconds=droplet.activity.uptime_seconds,
        version=__version__,
        checks=checks,
    )


@public.get("/capabilities", summary="What this droplet can do")
async def capabilities(request: Request) -> Capabilities:
    settings = request.app.state.droplet.settings
    return Capabilities(
        service_name=settings.service_name,
        droplet_id=settings.droplet_id,
        capabilities=list(CAPABILITIES),
        supported_operations=list(OPERATIONS),
        integration_endpoints=request.app.state.endpoints,
        version=__version__,
    )


@protected.get("/state", response_model_exclude_none=True, summary="What this droplet is doing")
async def state(request: Request, _: CurrentService) -> State:
    droplet = request.app.state.droplet
    last = droplet.activity.last_activity
    return State(
        status="error"
        if droplet.watch.misses_what_is_critical
        else "active"
        if droplet.registry.is_registered
        else "inactive",
        mode=droplet.settings.mode,
        metrics=droplet.activity.metrics(),
        last_activity=None if last is None else timestamp(last),
    )


@protected.get("/dependencies", summary="What this droplet needs, and whether it is there")
async def dependencies(request: Request, _: CurrentService) -> Dependencies:
    return Dependencies(**request.app.state.droplet.watch.as_json())


@public.get("/metrics", summary="Numbers for Prometheus", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Guide section 10."""
    shown = request.app.state.metrics
    return Response(shown.page(), media_type=shown.media_type)


def endpoints_of(routers: list[APIRouter]) -> list[Endpoint]:
    """Every route of these routers, so that /capabilities cannot forget one."""
    return [
        Endpoint(path=route.path, method=method, description=route.summary or route.name)
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
    ]
