"""Content that is made here, attempts at it, and what happens in it."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    for table in ("learning_event", "mark", "evidence", "answer", "attempt", "content_version", "content"):
        op.execute(f"DROP TABLE connector.{table}")
