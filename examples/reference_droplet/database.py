"""Guide section 6: one engine for the process, sessions that end, a schema that Alembic keeps."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool

from reference_droplet.errors import Problem

# What the guide's samples do otherwise:
# - `create_engine` and its sessions block the event loop, and /health with it;
# - a pool without time-outs hangs with a database that hangs;
# - section 11's check passes a bare string, which SQLAlchemy 2 refuses: for ever unhealthy.

MIGRATIONS = Path(__file__).parent / "migrations"
CONNECTS_WITHIN = 3.0
ANSWERS_WITHIN = 4.0
SCHEMA = text("SELECT version_num FROM alembic_version")
# A real table, not SELECT 1: SQLite answers that without its file.

DRIVERS = {"postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
DRIVERS |= {"sqlite": "sqlite+aiosqlite"}

logger = logging.getLogger(__name__)


class Database:
    """Where the jobs are kept: SQLite in memory or in a file, or PostgreSQL."""

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        self.url = make_url(f"{DRIVERS.get(scheme, scheme)}://{rest}")
        self.engine = create_async_engine(self.url, **_options(self))
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._is_migrated = False

    @property
    def is_file_or_memory(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def is_memory(self) -> bool:
        """In memory it is part of this process, and nothing that could be away."""
        return self.is_file_or_memory and self.url.database in {None, "", ":memory:"}

    @property
    def place(self) -> str:
        """host:port or the file's name; never the user or the password."""
        if self.is_file_or_memory:
            return Path(self.url.database or "memory").name
        return f"{self.url.host}:{self.url.port or 5432}"

    async def check(self) -> bool:
        """Whether it answers; the first time the schema is brought up to date."""
        if not self._is_migrated:
            async with self.engine.begin() as connection:
                await connection.run_sync(_upgrade)
            self._is_migrated = True
        async with self.engine.connect() as connection:
            await connection.execute(SCHEMA)
        return True

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session that is committed at the end. Raises Problem 503 where the database is away."""
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                if not self._is_migrated:
                    await self.check()
                async with self._sessions.begin() as session:
                    yield session
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            self._is_migrated = False  # whatever comes back need not be what was there
            logger.error("the database does not answer: %s", type(error).__name__)  # noqa: TRY400 - an outage, no bug of ours
            raise Problem(503, "DATABASE_UNAVAILABLE", "The database does not answer.") from None

    async def close(self) -> None:
        await self.engine.dispose()


def _options(database: Database) -> dict[str, Any]:
    if database.is_memory:
        return {"poolclass": AsyncAdaptedQueuePool, "pool_size": 1, "max_overflow": 0}
    if database.is_file_or_memory:
        return {"poolclass": NullPool}  # a connection that is kept outlives its file
    return {
        "pool_size": 10,
        "max_overflow": 0,
        "pool_pre_ping": True,
        "pool_timeout": CONNECTS_WITHIN,
        "connect_args": {"timeout": CONNECTS_WITHIN, "command_timeout": CONNECTS_WITHIN},
    }


def _upgrade(connection: Any) -> None:
    """`alembic upgrade head`, on a connection that is open already."""
    from alembic import command  # noqa: PLC0415 - 100 ms that a start can do without
    from alembic.config import Config  # noqa: PLC0415 - likewise

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
