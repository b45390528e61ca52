"""Content has an activity in a course once it was picked for one there, or opened from one: a draft has none."""

from __future__ import annotations

from alembic import op

revision = "0047"
down_revision = "0046"

UP = """
CREATE TABLE connector.placement (
    platform_id bigint NOT NULL REFERENCES connector.lti_platform,
    course      text NOT NULL,
    content_id  uuid NOT NULL REFERENCES connector.content,
    placed_at   timestamptz NOT NULL,
    PRIMARY KEY (platform_id, course, content_id)
);
COMMENT ON TABLE connector.placement IS
    'Content that has an activity in a course: it was picked for one, or one opened it.';
COMMENT ON COLUMN connector.placement.placed_at IS 'When that was first so.';
INSERT INTO connector.placement (platform_id, course, content_id, placed_at)
SELECT platform_id, course, content_id, made_at FROM connector.content WHERE kind <> 'bank' AND course <> '';
"""


def upgrade() -> None:
    """Of what was made before nobody knows whether it has one: it stands where it stood."""
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE connector.placement")
