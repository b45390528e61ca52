"""What an activity was called when a video was last opened there: two with the same lesson are told apart by it."""

from __future__ import annotations

from alembic import op

revision = "0048"
down_revision = "0047"

UP = """
ALTER TABLE connector.viewing ADD COLUMN link_title text NOT NULL DEFAULT '';
COMMENT ON COLUMN connector.viewing.link_title IS
    'What the activity was called when it was last opened; empty where the platform did not say, or it was not kept.';
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("ALTER TABLE connector.viewing DROP COLUMN link_title")
