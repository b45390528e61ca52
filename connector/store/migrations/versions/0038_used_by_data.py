"""Whether a version of content is used follows from attempts, regrades and viewings, whichever process writes them."""

from __future__ import annotations

from alembic import op

revision = "0038"
down_revision = "0037"

TABLES = {"attempt": ("version", "banks", "marked_version", "marked_banks"), "regrade": (), "viewing": ("version",)}
"""What has a version of content, and the columns that name others when they are altered."""
FUNCTION = """
CREATE FUNCTION connector.use_versions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said jsonb := to_jsonb(NEW);
BEGIN
    UPDATE connector.content_version v SET used = true
    FROM (SELECT NEW.content_id AS content_id, n.version::integer AS version
          FROM unnest(ARRAY[said ->> 'version', said ->> 'marked_version']) n (version) WHERE n.version IS NOT NULL
          UNION
          SELECT b.key::uuid, b.value::integer
          FROM unnest(ARRAY[said -> 'banks', said -> 'marked_banks']) n (banks), jsonb_each_text(n.banks) b) u
    WHERE u.content_id = v.content_id AND u.version = v.version AND NOT v.used;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION connector.use_versions() IS
    'What an attempt was made with or is marked by, or was watched, is used and stays as it is.';
"""
USED = """
UPDATE connector.content_version v SET used = true
FROM (SELECT content_id, version FROM connector.attempt a WHERE {tried}
      UNION SELECT content_id, marked_version FROM connector.attempt a WHERE {tried}
      UNION SELECT b.key::uuid, b.value::integer FROM connector.attempt a, jsonb_each_text(a.banks) b
            WHERE {tried}
      UNION SELECT b.key::uuid, b.value::integer FROM connector.attempt a, jsonb_each_text(a.marked_banks) b
            WHERE {tried}
      UNION SELECT content_id, version FROM connector.viewing WHERE {watched}) u
WHERE u.content_id = v.content_id AND u.version = v.version AND NOT v.used;
"""
ALL = {"tried": "true", "watched": "true"}
"""What processes of earlier releases have written since 0036: looked through while they go on writing."""
SINCE = "now() - interval '1 day'"
MEANWHILE = {"tried": f"GREATEST(a.started_at, a.settled_at) > {SINCE}", "watched": f"reported_at > {SINCE}"}
"""What they have written meanwhile, by clocks that may be wrong: only this is looked through while they wait."""


def upgrade() -> None:
    op.execute(USED.format(**ALL))
    op.execute(FUNCTION)
    for table, columns in TABLES.items():
        altered = " OR ".join(f"OLD.{one} IS DISTINCT FROM NEW.{one}" for one in columns)
        op.execute(
            f"CREATE TRIGGER uses_versions AFTER INSERT ON connector.{table} "
            "FOR EACH ROW EXECUTE FUNCTION connector.use_versions()"
        )
        if altered:
            op.execute(
                f"CREATE TRIGGER uses_other_versions AFTER UPDATE ON connector.{table} "
                f"FOR EACH ROW WHEN ({altered}) EXECUTE FUNCTION connector.use_versions()"
            )
    op.execute(USED.format(**MEANWHILE))


def downgrade() -> None:
    op.execute("DROP FUNCTION connector.use_versions() CASCADE")
