"""Since when no question has a picture any more: its file goes after a while."""

from __future__ import annotations

from alembic import op

revision = "0039"
down_revision = "0038"

UP = """
CREATE TABLE connector.unused_picture (
    site       text NOT NULL,
    picture_id text NOT NULL,
    since      timestamptz NOT NULL,
    PRIMARY KEY (site, picture_id)
);
COMMENT ON TABLE connector.unused_picture IS 'Pictures whose files lie there, and that no question has any more.';
COMMENT ON COLUMN connector.unused_picture.since IS 'When that was first seen.';
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE connector.unused_picture")
