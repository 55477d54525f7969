"""Guide section 8: settings come from the environment, once, and are checked."""

from functools import lru_cache
from typing import Any, Literal

from pydantic import (
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

# What the guide's sample does otherwise:
# - its sections 2 to 5 write "http://registry:8000" into the code and never read these settings;
# - its `database_url: str` stops every droplet that has no database;
# - its `class Config` is pydantic 1; `model_config` is its name now.


class Settings(BaseSettings):
    """Every setting of this droplet; SERVICE_NAME in the environment sets service_name here."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    service_name: str = Field(default="reference-droplet", min_length=1)
    service_port: int = Field(default=8010, ge=1, le=65535)
    droplet_id: int = Field(default=10, ge=1)

    registry_url: str = "http://registry:8000"
    orchestrator_url: str = "http://orchestrator:8001"

    database_url: str = "sqlite://"  # in memory: nothing to set up, and nothing survives
    redis_url: str | None = None
    redis_host: str | None = None
    redis_port: int = Field(default=6379, ge=1, le=65535)
    external_api_url: str | None = None

    environment: Literal["production", "development", "staging"] = "production"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("registry_url", "orchestrator_url")
    @classmethod
    def _without_trailing_slash(cls, url: str) -> str:
        """So that f"{registry_url}/register" never becomes //register."""
        return url.rstrip("/")

    @field_validator("environment", "log_level", mode="wrap")
    @classmethod
    def _known_or_default(
        cls, word: Any, check: ValidatorFunctionWrapHandler, field: ValidationInfo
    ) -> Any:
        """A word that nobody knows must not keep a droplet from starting; a wrong number must."""
        try:
            return check(word)
        except ValidationError:
            return cls.model_fields[str(field.field_name)].default

    @property
    def cache_url(self) -> str | None:
        """Where Redis is; None for a droplet without a cache."""
        if self.redis_url or not self.redis_host:
            return self.redis_url or None
        return f"redis://{self.redis_host}:{self.redis_port}/0"

    @property
    def mode(self) -> str:
        """What /state calls it: staging runs what production runs (CONF-18)."""
        return "development" if self.environment == "development" else "production"


@lru_cache
def get_settings() -> Settings:
    """The settings, read once."""
    return Settings()
