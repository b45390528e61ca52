"""What was taken away in Moodle is noted part by part before it ends."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.execute("COMMENT ON COLUMN connector.ledger.granted_at IS NULL")
    op.execute("DROP INDEX connector.ledger_cohort")
    op.execute("DROP TABLE connector.lost_grant")
