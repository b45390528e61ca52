"""Moodle tells when something has changed: the last time is kept, for the doctor."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0021"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE connector.hint (site text PRIMARY KEY, sent_at timestamptz NOT NULL, "
        "came_at timestamptz NOT NULL, times bigint NOT NULL)"
    )
    op.execute("COMMENT ON TABLE connector.hint IS 'The last hint of each Moodle that something has changed there.'")


def downgrade() -> None:
    op.execute("DROP TABLE connector.hint")
