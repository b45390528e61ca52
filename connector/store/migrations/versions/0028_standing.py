"""Whose records of former systems are, and what stood elsewhere when somebody was erased."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0028"
down_revision = "0026"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.execute("DROP VIEW connector.set_aside, connector.whose_record")
