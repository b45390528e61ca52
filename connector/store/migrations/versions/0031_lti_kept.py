"""LTI: by which means a browser kept the login of a launch."""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.execute("ALTER TABLE connector.lti_session ADD kept text NOT NULL DEFAULT ''")
    op.execute("COMMENT ON COLUMN connector.lti_session.kept IS 'Where the browser kept the cookie: frame or window.'")


def downgrade() -> None:
    op.execute("ALTER TABLE connector.lti_session DROP kept")
