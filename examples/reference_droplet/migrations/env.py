"""How Alembic reaches the database: the droplet's own connection, or DATABASE_URL."""

import asyncio
from typing import Any

from alembic import context
from reference_droplet.database import Database
from reference_droplet.models import Base
from reference_droplet.settings import get_settings
from sqlalchemy import text

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(4711)")
# Several workers start at once; the second finds everything done.


def upgrade(connection: Any) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(ONE_AT_A_TIME)
        context.run_migrations()


async def connect_and_upgrade() -> None:
    database = Database(get_settings().database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(upgrade)
    await database.close()


given = context.config.attributes.get("connection")
if given is not None:
    upgrade(given)
else:
    asyncio.run(connect_and_upgrade())
