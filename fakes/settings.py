"""The environment that the contract gives every droplet (UDC §8), read for fakes on their own."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TextIO

from udckit.fakes._lines import JsonLines
from udckit.fakes.behaviour import Behaviour

__all__ = [
    "DropletSettings",
    "OrchestratorSettings",
    "RegistrySettings",
    "SettingsError",
    "logging_to",
]

ENVIRONMENTS = ("production", "development", "staging")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class SettingsError(ValueError):
    """A setting that cannot be used; the message names the variable."""


@dataclass(frozen=True, slots=True)
class DropletSettings:
    """What UDC §8 names, with the guide's defaults (IG §8.1)."""

    registry_url: str = "http://registry:8000"
    orchestrator_url: str = "http://orchestrator:8001"
    service_name: str = "my-service"
    service_port: int = 8010
    droplet_id: int = 10
    environment: str = "production"
    log_level: str = "INFO"
    behaviour: Behaviour = field(default_factory=Behaviour)

    @property
    def level(self) -> str:
        """The least that is logged."""
        return self.log_level if self.behaviour.heeds_log_level else "DEBUG"

    @property
    def facts(self) -> dict[str, Any]:
        """What such a fake is made with."""
        return {
            "name": self.service_name,
            "droplet_id": self.droplet_id,
            "registry": self.registry_url,
            "orchestrator": self.orchestrator_url,
            "environment": self.environment,
            "behaviour": self.behaviour,
            "port": self.service_port,
        }

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read REGISTRY_URL, ORCHESTRATOR_URL, SERVICE_NAME, SERVICE_PORT, DROPLET_ID,
        ENVIRONMENT, LOG_LEVEL and UDCKIT_BEHAVIOUR (a JSON object). Raises SettingsError.
        """  # noqa: D205 - one list of names
        defaults = cls()
        behaviour = _behaviour(environ.get("UDCKIT_BEHAVIOUR"))
        if not behaviour.reads_environment:
            return cls(behaviour=behaviour)
        environ = {**environ, **behaviour.hard_coded}
        if behaviour.crashes_on is not None and behaviour.crashes_on in environ.values():
            raise SystemExit(1)
        return cls(
            registry_url=environ.get("REGISTRY_URL") or defaults.registry_url,
            orchestrator_url=environ.get("ORCHESTRATOR_URL") or defaults.orchestrator_url,
            service_name=environ.get("SERVICE_NAME") or defaults.service_name,
            service_port=_number(environ, "SERVICE_PORT", defaults.service_port, 0, 65535),
            droplet_id=_number(environ, "DROPLET_ID", defaults.droplet_id, 1, 2**31),
            environment=_word(environ, "ENVIRONMENT", defaults.environment, ENVIRONMENTS),
            log_level=_word(environ, "LOG_LEVEL", defaults.log_level, LEVELS),
            behaviour=behaviour,
        )


@dataclass(frozen=True, slots=True)
class RegistrySettings(DropletSettings):
    """The same for a Registry, which is a droplet too; without a port it takes a free one."""

    service_name: str = "registry"
    service_port: int = 0
    droplet_id: int = 1

    @property
    def facts(self) -> dict[str, Any]:
        """What such a fake is made with."""
        return {
            "name": self.service_name,
            "droplet_id": self.droplet_id,
            "port": self.service_port,
            "environment": self.environment,
        }


@dataclass(frozen=True, slots=True)
class OrchestratorSettings(RegistrySettings):
    """The same for an Orchestrator."""

    service_name: str = "orchestrator"
    droplet_id: int = 2


def logging_to(out: TextIO, settings: DropletSettings) -> logging.Logger:
    """Let the fakes of this process write to `out` as the settings say."""
    handler = logging.StreamHandler(out)
    if settings.behaviour.logs_structured:
        handler.setFormatter(JsonLines())
    log = logging.getLogger("udckit")
    log.addHandler(handler)
    log.setLevel(settings.level)
    return log


def _behaviour(text: str | None) -> Behaviour:
    try:
        return Behaviour.from_json(text) if text else Behaviour()
    except ValueError as error:
        raise SettingsError(f"UDCKIT_BEHAVIOUR: {error}") from None


def _number(environ: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environ.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise SettingsError(f"{name} is {text!r}, and should be a number from {least} to {most}")
    return int(text)


def _word(environ: Mapping[str, str], name: str, default: str, words: tuple[str, ...]) -> str:
    text = environ.get(name) or default
    if text not in words:
        raise SettingsError(f"{name} is {text!r}, and should be one of {', '.join(words)}")
    return text
