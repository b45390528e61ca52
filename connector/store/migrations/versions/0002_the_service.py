"""The service: how its jobs stand, and what people were told."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    for table in ("notice", "job"):
        op.execute(f"DROP TABLE connector.{table}")
