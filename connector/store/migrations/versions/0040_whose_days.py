"""Whoever was launched has a time zone, in which their days are counted."""

from __future__ import annotations

from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.execute("ALTER TABLE connector.lti_session ADD timezone text NOT NULL DEFAULT ''")
    op.execute("COMMENT ON COLUMN connector.lti_session.timezone IS 'In which days are counted; empty: not said.'")


def downgrade() -> None:
    op.execute("ALTER TABLE connector.lti_session DROP timezone")
