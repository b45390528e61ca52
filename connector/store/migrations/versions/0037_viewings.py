"""Who learns and who tries a lesson out have viewings of their own, what was watched last is told to the facts,
videos that nobody needs go, and attempts are archived."""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"

UP = """
ALTER TABLE connector.viewing DROP CONSTRAINT viewing_content_id_media_id_platform_id_link_subject_key;
ALTER TABLE connector.viewing ADD CONSTRAINT viewing_whose
UNIQUE (content_id, media_id, platform_id, link, subject, trial);
ALTER TABLE connector.viewing ADD untold boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN connector.viewing.untold IS 'More was watched than the facts have been told.';
UPDATE connector.viewing SET untold = true WHERE share > 0 AND completed_at IS NULL AND NOT trial;
CREATE INDEX viewing_untold ON connector.viewing (reported_at) WHERE untold;
CREATE INDEX viewing_media ON connector.viewing (media_id, reported_at);
ALTER TABLE connector.attempt ADD archived boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN connector.attempt.archived IS 'What was answered is not kept any more; the result is.';
UPDATE connector.attempt a SET archived = true -- after a downgrade
WHERE a.percent > 0 AND NOT EXISTS (SELECT FROM connector.answer w WHERE w.attempt_id = a.attempt_id)
  AND NOT EXISTS (SELECT FROM connector.mark m WHERE m.attempt_id = a.attempt_id);
ALTER TABLE connector.media ADD unused_since timestamptz, ADD original boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN connector.media.state IS
    'uploading, waiting, working, ready or failed; removing: its files go; removed: they have gone.';
COMMENT ON COLUMN connector.media.unused_since IS 'Since when it was seen that no lesson has it; empty: one has.';
COMMENT ON COLUMN connector.media.original IS 'Whether the file is there yet that was uploaded.';
"""
DOWN = """
ALTER TABLE connector.attempt DROP archived;
ALTER TABLE connector.media DROP unused_since, DROP original;
COMMENT ON COLUMN connector.media.state IS 'uploading, waiting, working, ready or failed.';
DROP INDEX connector.viewing_media;
DROP INDEX connector.viewing_untold;
ALTER TABLE connector.viewing DROP untold;
DELETE FROM connector.viewing t USING connector.viewing o
WHERE t.trial AND NOT o.trial
  AND (t.content_id, t.media_id, t.platform_id, t.link, t.subject)
    = (o.content_id, o.media_id, o.platform_id, o.link, o.subject);
ALTER TABLE connector.viewing DROP CONSTRAINT viewing_whose;
ALTER TABLE connector.viewing ADD UNIQUE (content_id, media_id, platform_id, link, subject);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
