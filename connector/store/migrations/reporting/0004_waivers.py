"""Requirements that people waived are shown as that."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from connector.store.dictionary import comments

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))
    for statement in comments(connection.exec_driver_sql):
        connection.exec_driver_sql(statement.replace("%", "%%"))


def downgrade() -> None:
    op.execute("DROP VIEW reporting.waived")
    op.execute("DROP VIEW facts.waiver_row")
    op.execute("DROP TABLE facts.waiver")
