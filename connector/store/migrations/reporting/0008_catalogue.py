"""Courses with what a catalogue says of them: texts by language, category, minutes, difficulty, objectives, start."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from connector.store.dictionary import comments

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))
    for statement in comments(connection.exec_driver_sql):
        connection.exec_driver_sql(statement.replace("%", "%%"))


def downgrade() -> None:
    op.execute("DROP INDEX facts.fact_certificate_issued")
    op.execute("DROP VIEW reporting.courses")
    op.execute(
        "ALTER TABLE facts.dim_course DROP COLUMN title, DROP COLUMN description, DROP COLUMN category_ids, "
        "DROP COLUMN category_names, DROP COLUMN minutes, DROP COLUMN difficulty, DROP COLUMN objectives, "
        "DROP COLUMN starts_at"
    )
