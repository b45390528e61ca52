"""Certificates for launched content: when an attempt was launched, and what a certificate rests on."""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"

UP = """
ALTER TABLE connector.attempt ADD launched_at timestamptz;
COMMENT ON COLUMN connector.attempt.launched_at IS 'Of the launch in which it was begun; empty: not kept yet.';
CREATE INDEX attempt_passed ON connector.attempt (content_id, marked_version) WHERE passed AND NOT trial;
ALTER TABLE connector.certificate ADD evidence jsonb;
COMMENT ON COLUMN connector.certificate.evidence IS
    'What it rests on, as it was at issue: attempt, times and result. Empty where that is not launched content.';
CREATE INDEX certificate_deed ON connector.certificate (site, deed);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP INDEX connector.certificate_deed")
    op.execute("ALTER TABLE connector.certificate DROP evidence")
    op.execute("DROP INDEX connector.attempt_passed")
    op.execute("ALTER TABLE connector.attempt DROP launched_at")
