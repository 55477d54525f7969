"""Guide section 6: the tables."""

from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Whose metadata Alembic compares."""


class JobRow(Base):
    """One piece of work that was done here."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    task_id: Mapped[str | None] = mapped_column(String(200))
    action: Mapped[str | None] = mapped_column(String(200))
    for_service: Mapped[str] = mapped_column(String(200))
    done_at: Mapped[str] = mapped_column(String(40), index=True)
