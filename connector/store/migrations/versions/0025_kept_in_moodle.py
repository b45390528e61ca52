"""Due dates stand in calendars in Moodle, and identities of OAuth 2 are linked with accounts."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.execute("DROP FUNCTION connector.signing_in")
    op.execute("DROP TABLE connector.linked_login")
    op.execute("DROP TABLE connector.calendar_entry")
