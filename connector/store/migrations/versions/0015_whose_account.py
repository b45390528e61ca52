"""What tells whose account an account is."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0015"
down_revision = "0014"

_BEFORE = """
CREATE OR REPLACE FUNCTION connector.employment_status(p connector.person, at timestamptz, ahead integer)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN p.moved_to IS NOT NULL THEN 'left' ELSE connector.said_status(p, at, ahead) END
$$
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.execute(_BEFORE)
    op.execute("DROP TABLE connector.left_person")
    op.execute("ALTER TABLE connector.person DROP COLUMN another, DROP COLUMN formerly")
    op.execute("DROP VIEW connector.administrator")
    op.execute("ALTER TABLE connector.account DROP COLUMN administrator_since")
    for index in (
        "person_idnumber",
        "person_folded_key",
        "account_email",
        "account_username",
        "person_missing_manager",
    ):
        op.execute(f"DROP INDEX connector.{index}")
    op.execute("DROP FUNCTION connector.folded")
