"""Attempts of a course are found by what was tried in it, the newest of them without the others; trials by
themselves."""

from __future__ import annotations

from alembic import op

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    op.execute("DROP INDEX connector.attempt_course")
    op.execute("CREATE INDEX attempt_course ON connector.attempt (platform_id, course, trial, content_id, attempt_id)")


def downgrade() -> None:
    op.execute("DROP INDEX connector.attempt_course")
    op.execute("CREATE INDEX attempt_course ON connector.attempt (platform_id, course)")
