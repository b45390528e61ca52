"""A grade that ends because its account is nobody's any more is told apart from a deletion."""

from __future__ import annotations

from alembic import op

from connector.store.dictionary import comments

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _allow("'regrade', 'reset', 'unenrolment', 'deletion', 'unbinding'")
    connection = op.get_bind()
    for statement in comments(connection.exec_driver_sql):
        connection.exec_driver_sql(statement.replace("%", "%%"))


def downgrade() -> None:
    op.execute("UPDATE facts.fact_grade SET ended_by = 'deletion' WHERE ended_by = 'unbinding'")
    _allow("'regrade', 'reset', 'unenrolment', 'deletion'")


def _allow(causes: str) -> None:
    op.execute("ALTER TABLE facts.fact_grade DROP CONSTRAINT fact_grade_ended_by_check")
    op.execute(f"ALTER TABLE facts.fact_grade ADD CONSTRAINT fact_grade_ended_by_check CHECK (ended_by IN ({causes}))")
