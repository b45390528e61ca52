"""Facts with history, what reports add up, and the views that are the contract with the reporting team."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from connector.store.dictionary import comments

revision = "0001"
down_revision = None


def upgrade() -> None:
    connection = op.get_bind()
    for part in ("facts", "summaries", "views"):
        text = (Path(__file__).parent / f"0001_{part}.sql").read_text("utf-8")
        connection.exec_driver_sql(text.replace("%", "%%"))
    for statement in comments(connection.exec_driver_sql):
        connection.exec_driver_sql(statement.replace("%", "%%"))


def downgrade() -> None:
    for schema in ("reporting", "facts"):
        op.execute(f"DROP SCHEMA {schema} CASCADE")
