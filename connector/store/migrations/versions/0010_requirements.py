"""Leave, during which deadlines stand still, and completed courses, for which other grants wait."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.execute("DROP TABLE connector.completed_course")
    op.execute("DROP TABLE connector.leave")
    op.execute("ALTER TABLE connector.differing_grant DROP COLUMN leaves")
    op.execute("ALTER TABLE connector.staged DROP COLUMN leave_from, DROP COLUMN leave_until, DROP COLUMN on_leave")
