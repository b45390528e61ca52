"""Facts with history, and the views that are the contract with the reporting team."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    for schema in ("reporting", "facts"):
        op.execute(f"DROP SCHEMA {schema} CASCADE")
