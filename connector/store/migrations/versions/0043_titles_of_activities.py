"""What an activity was called when an attempt was begun there: two with the same assessment are told apart by it."""

from __future__ import annotations

from alembic import op

revision = "0043"
down_revision = "0042"

UP = """
ALTER TABLE connector.attempt ADD COLUMN link_title text NOT NULL DEFAULT '';
COMMENT ON COLUMN connector.attempt.link_title IS
    'What the activity was called when it was begun; empty where the platform did not say, or it was not kept yet.';
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("ALTER TABLE connector.attempt DROP COLUMN link_title")
