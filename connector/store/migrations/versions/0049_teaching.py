"""In which role somebody last launched from a course is kept, of those who teach: sessions go within hours."""

from __future__ import annotations

from alembic import op

revision = "0049"
down_revision = "0048"

UP = """
CREATE TABLE connector.teaching (
    platform_id bigint NOT NULL REFERENCES connector.lti_platform,
    course      text NOT NULL,
    subject     text NOT NULL,
    launched_at timestamptz NOT NULL,
    PRIMARY KEY (platform_id, course, subject)
);
COMMENT ON TABLE connector.teaching IS 'Who teaches in a course, by the role that their last launch there told.';
COMMENT ON COLUMN connector.teaching.launched_at IS 'When that launch was.';
INSERT INTO connector.teaching (platform_id, course, subject, launched_at)
SELECT t.platform_id, t.course, t.subject, t.at FROM (
    SELECT d.platform_id, d.course, d.subject, max(d.at) AS at FROM (
        SELECT platform_id, course, subject, started_at AS at FROM connector.attempt WHERE trial
        UNION ALL
        SELECT platform_id, course, subject, began_at FROM connector.viewing WHERE trial
        UNION ALL
        SELECT a.platform_id, a.course, m.marked_by, m.marked_at
        FROM connector.mark m JOIN connector.attempt a USING (attempt_id)
    ) d GROUP BY d.platform_id, d.course, d.subject
) t
WHERE NOT EXISTS (SELECT FROM connector.attempt a
                  WHERE a.platform_id = t.platform_id AND a.course = t.course AND a.subject = t.subject AND NOT a.trial
                    AND a.started_at > t.at)
  AND NOT EXISTS (SELECT FROM connector.viewing w
                  WHERE w.platform_id = t.platform_id AND w.course = t.course AND w.subject = t.subject AND NOT w.trial
                    AND w.began_at > t.at);
"""


def upgrade() -> None:
    """Of launches before this, what was tried out, marked and taken tells the role."""
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE connector.teaching")
