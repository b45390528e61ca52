"""Where a total adds up what was graded, each person's has a maximum of its own: percents are of that."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from connector.store.dictionary import comments

revision = "0017"
down_revision = "0016"
HERE = Path(__file__)
VIEWS = ("facts.enrolment_row", "reporting.enrolments")
COLUMNS = {
    "facts.summary_course": ("scored", "average_score"),
    "facts.landing_grade": ("minimum", "maximum"),
    "facts.fact_grade": ("minimum", "maximum"),
}


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(HERE.with_suffix(".sql").read_text("utf-8").replace("%", "%%"))
    for statement in comments(connection.exec_driver_sql):
        connection.exec_driver_sql(statement.replace("%", "%%"))


def downgrade() -> None:
    """The views of before have fewer columns: they are made anew."""
    connection = op.get_bind()
    before = HERE.with_name("0001_views.sql").read_text("utf-8")
    for view in reversed(VIEWS):
        op.execute(f"DROP VIEW {view}")
    for view in VIEWS:
        at = before.index(f"CREATE VIEW {view} ")
        connection.exec_driver_sql(before[at : before.index("\n\n", at)].replace("%", "%%"))
    op.execute("DROP FUNCTION facts.percent")
    for table, columns in COLUMNS.items():
        op.execute(f"ALTER TABLE {table} {', '.join(f'DROP {column}' for column in columns)}")
    for statement in comments(connection.exec_driver_sql):
        connection.exec_driver_sql(statement.replace("%", "%%"))
