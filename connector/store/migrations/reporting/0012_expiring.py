"""What ends soon, added up; views of managers and of changes of grades that look at less."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from connector.store.dictionary import comments

revision = "0012"
down_revision = "0011"

FOLDER = Path(__file__).parent
FORMER = (
    ("0001_views.sql", "CREATE VIEW reporting.overdue_by_manager "),
    ("0005_details_views.sql", "CREATE OR REPLACE VIEW facts.grade_change_row "),
)
"""What looks elsewhere now, in the order in which it is made again as it was."""


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))
    for statement in comments(connection.exec_driver_sql):
        connection.exec_driver_sql(statement.replace("%", "%%"))


def downgrade() -> None:
    connection = op.get_bind()
    back = []
    for file, beginning in FORMER:
        former = (FOLDER / file).read_text("utf-8")
        at = former.index(beginning)
        back.append(former[at : former.index(";\n", at) + 2].replace("CREATE VIEW", "CREATE OR REPLACE VIEW"))
    back.append((FOLDER / "0012_back.sql").read_text("utf-8"))
    connection.exec_driver_sql("\n".join(back).replace("%", "%%"))
    for statement in comments(connection.exec_driver_sql):
        connection.exec_driver_sql(statement.replace("%", "%%"))
