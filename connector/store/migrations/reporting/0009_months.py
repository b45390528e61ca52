"""What is kept of each day stands in a table for each month."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"

_HERE = Path(__file__)


def upgrade() -> None:
    _run(_HERE.with_suffix(".sql"))


def downgrade() -> None:
    _run(_HERE.with_name("0009_months_down.sql"))


def _run(file: Path) -> None:
    op.get_bind().exec_driver_sql(file.read_text("utf-8").replace("%", "%%"))
