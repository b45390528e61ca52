"""Attempts are found by the course in which they were made."""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.execute("CREATE INDEX attempt_course ON connector.attempt (platform_id, course)")


def downgrade() -> None:
    op.execute("DROP INDEX connector.attempt_course")
