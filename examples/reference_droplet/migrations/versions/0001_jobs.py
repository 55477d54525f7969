"""Jobs are kept in a table."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(60), primary_key=True),
        sa.Column("task_id", sa.String(200), nullable=True),
        sa.Column("action", sa.String(200), nullable=True),
        sa.Column("for_service", sa.String(200), nullable=False),
        sa.Column("done_at", sa.String(40), nullable=False),
    )
    op.create_index("ix_jobs_done_at", "jobs", ["done_at"])


def downgrade() -> None:
    op.drop_index("ix_jobs_done_at", "jobs")
    op.drop_table("jobs")
