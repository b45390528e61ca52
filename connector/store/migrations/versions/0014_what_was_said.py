"""What HR said of people before."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.execute("DROP TRIGGER person_changed ON connector.person")
    op.execute("DROP FUNCTION connector.note_person_events")
    op.execute("DROP TABLE connector.person_event")
    op.execute("DROP INDEX connector.rejection_key")
