"""People belong to a site, and several sources may say something of one person."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"

BACK = """
DROP VIEW connector.loaded_source;
DROP INDEX connector.person_email;
DROP TABLE connector.statement;
ALTER TABLE connector.staged DROP COLUMN said, DROP COLUMN source;
ALTER TABLE connector.plan DROP COLUMN people, ADD source text NOT NULL DEFAULT '';
DROP VIEW connector.wanted_grant;
ALTER TABLE connector.grant_set RENAME site TO source;
CREATE VIEW connector.wanted_grant AS
SELECT p.person_id, g.kind, g.target, g.terms, g.rule, g.level, g.ref
FROM connector.person p
JOIN connector.grant_set g ON g.source = p.source AND g.digest = p.grant_set;
ALTER TABLE connector.person DROP COLUMN site, ADD UNIQUE (source, key);
ALTER TABLE connector.feed_release DROP COLUMN site, ADD PRIMARY KEY (source, digest);
ALTER TABLE connector.feed DROP COLUMN site, DROP COLUMN stated;
CREATE INDEX feed_latest ON connector.feed (source, received_at DESC);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.get_bind().exec_driver_sql(BACK)
