"""What who teaches has allowed one person beyond what all have: attempts, and minutes."""

from __future__ import annotations

from alembic import op

revision = "0042"
down_revision = "0040"

UP = """
CREATE TABLE connector.allowance (
    content_id  uuid NOT NULL REFERENCES connector.content,
    platform_id bigint NOT NULL REFERENCES connector.lti_platform,
    link        text NOT NULL,
    subject     text NOT NULL,
    attempts    integer NOT NULL CHECK (attempts >= 0),
    minutes     integer NOT NULL CHECK (minutes >= 0),
    given_by    text NOT NULL,
    given_at    timestamptz NOT NULL,
    PRIMARY KEY (content_id, platform_id, link, subject)
);
COMMENT ON TABLE connector.allowance IS
    'What one person is allowed in one activity beyond what all are: more attempts, and more minutes for each.';
COMMENT ON COLUMN connector.allowance.link IS 'The activity, by the platform''s id of its link.';
COMMENT ON COLUMN connector.allowance.subject IS 'By which number the platform means whom it is for.';
COMMENT ON COLUMN connector.allowance.given_by IS 'The platform''s subject of who gave it last.';
CREATE INDEX allowance_subject ON connector.allowance (platform_id, subject);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE connector.allowance")
