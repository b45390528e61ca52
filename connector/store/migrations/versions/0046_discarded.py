"""Attempts that who teaches has discarded: they are kept, and count nowhere."""

from __future__ import annotations

from alembic import op

revision = "0046"
down_revision = "0045"

UP = """
ALTER TABLE connector.attempt
    ADD discarded_at timestamptz,
    ADD discarded_by text,
    ADD discarded_why text,
    ADD CONSTRAINT attempt_discard CHECK (num_nulls(discarded_at, discarded_by, discarded_why) IN (0, 3));
COMMENT ON COLUMN connector.attempt.discarded_at IS 'When who teaches has discarded it; empty: it counts.';
COMMENT ON COLUMN connector.attempt.discarded_by IS 'The platform''s subject of who did.';
COMMENT ON COLUMN connector.attempt.discarded_why IS 'Why, as they said.';
CREATE INDEX attempt_discarded ON connector.attempt (content_id, platform_id, course) WHERE discarded_at IS NOT NULL;
DROP INDEX connector.attempt_open;
CREATE UNIQUE INDEX attempt_open ON connector.attempt (content_id, platform_id, link, subject, trial)
WHERE submitted_at IS NULL AND discarded_at IS NULL;
"""
DOWN = """
UPDATE connector.attempt SET submitted_at = discarded_at, settled_at = discarded_at
WHERE discarded_at IS NOT NULL AND submitted_at IS NULL;
DROP INDEX connector.attempt_open;
CREATE UNIQUE INDEX attempt_open ON connector.attempt (content_id, platform_id, link, subject, trial)
WHERE submitted_at IS NULL;
DROP INDEX connector.attempt_discarded;
ALTER TABLE connector.attempt DROP discarded_at, DROP discarded_by, DROP discarded_why;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    """What was open when it was discarded is over then, too."""
    op.execute(DOWN)
