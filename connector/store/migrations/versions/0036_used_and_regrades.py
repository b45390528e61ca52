"""Versions of content say whether they are used; regrades with a record; attempts found by whose they are."""

from __future__ import annotations

from alembic import op

revision = "0036"
down_revision = "0035"

UP = """
ALTER TABLE connector.content_version ADD used boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN connector.content_version.used IS
    'An attempt was made with it or is marked by it, or it was watched: it stays as it is.';
UPDATE connector.content_version v SET used = true
FROM (SELECT content_id, version FROM connector.attempt
      UNION SELECT content_id, marked_version FROM connector.attempt
      UNION SELECT b.key::uuid, b.value::integer FROM connector.attempt a, jsonb_each_text(a.banks) b
      UNION SELECT b.key::uuid, b.value::integer FROM connector.attempt a, jsonb_each_text(a.marked_banks) b
      UNION SELECT content_id, version FROM connector.viewing) u
WHERE u.content_id = v.content_id AND u.version = v.version;

CREATE TABLE connector.regrade (
    regrade_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    content_id  uuid NOT NULL,
    platform_id bigint NOT NULL REFERENCES connector.lti_platform,
    course      text NOT NULL,
    version     integer NOT NULL,
    banks       jsonb NOT NULL,
    asked_by    text NOT NULL,
    reason      text NOT NULL,
    asked_at    timestamptz NOT NULL,
    attempts    integer NOT NULL CHECK (attempts >= 0),
    done        integer NOT NULL DEFAULT 0 CHECK (done >= 0),
    changed     integer NOT NULL DEFAULT 0 CHECK (changed >= 0),
    reached     bigint NOT NULL DEFAULT 0,
    ended_at    timestamptz,
    FOREIGN KEY (content_id, version) REFERENCES connector.content_version
);
COMMENT ON TABLE connector.regrade IS 'Who had attempts of a course marked anew, when and why, and how far that is.';
COMMENT ON COLUMN connector.regrade.version IS 'By which version they are marked from then on, and of banks.';
COMMENT ON COLUMN connector.regrade.asked_by IS 'The platform''s subject of who asked for it.';
COMMENT ON COLUMN connector.regrade.attempts IS 'How many were marked by earlier versions when it was asked for.';
COMMENT ON COLUMN connector.regrade.changed IS 'How many of those that are done have another result.';
COMMENT ON COLUMN connector.regrade.reached IS 'The last attempt that is done: whoever goes on begins behind it.';
CREATE INDEX attempt_subject ON connector.attempt (platform_id, subject);
CREATE UNIQUE INDEX regrade_open ON connector.regrade (content_id, platform_id, course) WHERE ended_at IS NULL;
CREATE INDEX regrade_course ON connector.regrade (content_id, platform_id, course, regrade_id);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP INDEX connector.attempt_subject")
    op.execute("DROP TABLE connector.regrade")
    op.execute("ALTER TABLE connector.content_version DROP used")
