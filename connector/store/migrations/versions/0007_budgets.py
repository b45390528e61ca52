"""Limits over 24 hours and 7 days."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.execute("DROP INDEX connector.change_guarded")
    op.execute('ALTER TABLE connector.hold DROP COLUMN "window", DROP COLUMN spent')
