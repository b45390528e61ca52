"""Moodle's rows are held as they came, and how they compare with Moodle is written down."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from connector.store.dictionary import comments

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))
    for statement in comments(connection.exec_driver_sql):
        connection.exec_driver_sql(statement.replace("%", "%%"))


def downgrade() -> None:
    op.execute("DELETE FROM facts.summary_quality WHERE name IN ('unlike_moodle', 'not_equal', 'restored')")
    op.execute("DROP VIEW reporting.reconciliation, reporting.reconciliation_differences, facts.reconciliation_row")
    op.execute("DROP TABLE facts.reconciliation_difference, facts.reconciliation")
    op.execute("DROP SCHEMA landing CASCADE")
