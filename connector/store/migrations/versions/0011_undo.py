"""Plans that take a run back, what stays taken back, and jobs in quarantine."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.execute("ALTER TABLE connector.job DROP COLUMN tries, DROP COLUMN failing_since")
    op.execute("DROP TABLE connector.undone")
    op.execute("DROP FUNCTION connector.wishes")
    op.execute("DELETE FROM connector.hold WHERE guard_class = 'undone'")
    op.execute("UPDATE connector.change SET guard_class = NULL WHERE guard_class = 'undone'")
    op.execute("ALTER TABLE connector.plan DROP COLUMN undoes, DROP COLUMN asked_by")
