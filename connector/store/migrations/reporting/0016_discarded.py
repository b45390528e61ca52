"""Attempts at assessments that were discarded: they stand in the reports without a result, and count nowhere."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from connector.store.dictionary import comments

revision = "0016"
down_revision = "0015"
HERE = Path(__file__)
VIEWS = ("facts.attempt_row", "facts.attempt_seen", "reporting.assessment_performance")


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(HERE.with_suffix(".sql").read_text("utf-8").replace("%", "%%"))
    for statement in comments(connection.exec_driver_sql):
        connection.exec_driver_sql(statement.replace("%", "%%"))


def downgrade() -> None:
    """The views of before, which knew all columns of the table by name."""
    here, before = HERE.with_suffix(".sql").read_text("utf-8"), HERE.with_name("0014_learning.sql").read_text("utf-8")
    at = here.index("SELECT a.attempt_id, a.series")
    columns = here[at : here.index("\nFROM", at)]
    for view in VIEWS:
        at = before.index(f"CREATE VIEW {view} ")
        former = before[at : before.index(";\n", at)].replace("CREATE VIEW", "CREATE OR REPLACE VIEW")
        op.get_bind().exec_driver_sql(former.replace("SELECT a.*", columns).replace("%", "%%"))
    op.execute("ALTER TABLE facts.fact_assessment_attempt DROP discarded_at")
