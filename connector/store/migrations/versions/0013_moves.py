"""Who is named under another key now, and since when somebody has left."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"

_BEFORE = """
CREATE OR REPLACE FUNCTION connector.employment_status(p connector.person, at timestamptz, ahead integer)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN p.gone OR NOT p.active THEN 'left'
        WHEN p.ends < (at AT TIME ZONE p.timezone)::date THEN 'left'
        WHEN p.starts - ahead > (at AT TIME ZONE p.timezone)::date THEN 'upcoming'
        WHEN p.starts > (at AT TIME ZONE p.timezone)::date THEN 'joining'
        ELSE 'active'
    END
$$
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.execute(_BEFORE)
    for function in ("said_status", "handing_over"):
        op.execute(f"DROP FUNCTION connector.{function}")
    for index in ("person_declaring", "person_moved"):
        op.execute(f"DROP INDEX connector.{index}")
    for column in ("moved_to", "left_on", "manager_missing_since"):
        op.execute(f"ALTER TABLE connector.person DROP COLUMN {column}")
