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
UPDATE connector.attempt a SET trial = true, number = t.number FROM (
    SELECT d.attempt_id, COALESCE(tried.number, 0) + row_number() OVER (
               PARTITION BY d.content_id, d.platform_id, d.link, d.subject ORDER BY d.number) AS number
    FROM connector.attempt d
    LEFT JOIN (SELECT content_id, platform_id, link, subject, max(number) AS number FROM connector.attempt
               WHERE trial GROUP BY content_id, platform_id, link, subject) tried
           USING (content_id, platform_id, link, subject)
    WHERE d.discarded_at IS NOT NULL
) t WHERE t.attempt_id = a.attempt_id;
DROP INDEX connector.attempt_open;
CREATE UNIQUE INDEX attempt_open ON connector.attempt (content_id, platform_id, link, subject, trial)
WHERE submitted_at IS NULL;
DROP INDEX connector.attempt_discarded;
ALTER TABLE connector.attempt DROP discarded_at, DROP discarded_by, DROP discarded_why;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    """What was discarded counts nowhere, and earlier releases know that of what was tried out alone: so it stands
    among those, over if it was open, and who discarded it and why is not kept."""
    op.execute(DOWN)
