"""What happens within courses: activities, all grade items, each change of a grade, attempts that were put away."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from connector.store.dictionary import comments

revision = "0005"
down_revision = "0004"

FOLDER = Path(__file__).parent
FORMER = (
    "facts.learned_row",
    "facts.grade_change_row",
    "reporting.completions",
    "reporting.completion_history",
    "reporting.grade_changes",
    "reporting.course_performance",
    "reporting.data_quality",
)
"""Views that have more columns now, in the order in which they are made again as they were."""


def upgrade() -> None:
    connection = op.get_bind()
    for part in ("details", "details_views"):
        text = (FOLDER / f"0005_{part}.sql").read_text("utf-8")
        connection.exec_driver_sql(text.replace("%", "%%"))
    for statement in comments(connection.exec_driver_sql):
        connection.exec_driver_sql(statement.replace("%", "%%"))


def downgrade() -> None:
    connection = op.get_bind()
    back = (FOLDER / "0005_back.sql").read_text("utf-8")
    former = (FOLDER / "0001_views.sql").read_text("utf-8")
    again = [former[(at := former.index(f"CREATE VIEW {view} ")) : former.index(";\n", at) + 1] for view in FORMER]
    connection.exec_driver_sql("\n".join([back, *again]).replace("%", "%%"))
    for statement in comments(connection.exec_driver_sql):
        connection.exec_driver_sql(statement.replace("%", "%%"))
