"""Completions and certificates that were brought over from former systems."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from connector.store.dictionary import comments

revision = "0011"
down_revision = "0010"

FOLDER = Path(__file__).parent
FORMER = (
    ("0005_details_views.sql", "CREATE OR REPLACE VIEW facts.learned_row "),
    ("0001_views.sql", "CREATE VIEW reporting.completions "),
    ("0005_details_views.sql", "CREATE OR REPLACE VIEW reporting.completion_history "),
    ("0005_details_views.sql", "CREATE FUNCTION reporting.completions_as_of("),
)
"""What has other columns now, in the order in which it is made again as it was."""


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))
    for statement in comments(connection.exec_driver_sql):
        connection.exec_driver_sql(statement.replace("%", "%%"))


def downgrade() -> None:
    connection = op.get_bind()
    back = [(FOLDER / "0011_back.sql").read_text("utf-8")]
    for file, beginning in FORMER:
        former = (FOLDER / file).read_text("utf-8")
        at = former.index(beginning)
        end = "\nEND;\n" if "FUNCTION" in beginning else ";\n"
        back.append(former[at : former.index(end, at) + len(end)])
    connection.exec_driver_sql("\n".join(back).replace("%", "%%"))
    for statement in comments(connection.exec_driver_sql):
        connection.exec_driver_sql(statement.replace("%", "%%"))
