"""What tells whose account an account is."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.execute("DROP VIEW connector.administrator")
    op.execute("ALTER TABLE connector.account DROP COLUMN administrator_since")
    op.execute("DROP INDEX connector.person_idnumber")
