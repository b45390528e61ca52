"""Of a refused feed it is kept whether a person may let it pass."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("ALTER TABLE connector.feed ADD COLUMN releasable boolean NOT NULL DEFAULT true")
    op.execute("COMMENT ON COLUMN connector.feed.releasable IS 'Of a refused one: a person may let it pass.'")


def downgrade() -> None:
    op.execute("ALTER TABLE connector.feed DROP COLUMN releasable")
