"""Uploaded videos, and who has watched how much of them."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    for table in ("viewing", "media_part", "media"):
        op.execute(f"DROP TABLE connector.{table}")
