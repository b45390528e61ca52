"""What happens in content that Moodle launches: events, attempts at assessments, questions, and time spent."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from connector.store.dictionary import comments

revision = "0014"
down_revision = "0013"
HERE = Path(__file__)
VIEWS = (
    "reporting.learning_events", "reporting.assessment_attempts", "reporting.assessment_performance",
    "reporting.question_results", "reporting.time_spent", "facts.attempt_seen", "facts.attempt_row",
    "facts.learning_event_row", "facts.time_spent_row", "facts.time_untold_row",
)  # fmt: skip
TABLES = (
    "facts.fact_time_spent", "facts.fact_question_response", "facts.fact_assessment_attempt",
    "facts.fact_learning_event", "facts.dim_question", "facts.dim_content",
)  # fmt: skip


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(HERE.with_suffix(".sql").read_text("utf-8").replace("%", "%%"))
    for statement in comments(connection.exec_driver_sql):
        connection.exec_driver_sql(statement.replace("%", "%%"))


def downgrade() -> None:
    op.execute(f"DROP VIEW {', '.join(VIEWS)}")
    op.execute(f"DROP TABLE {', '.join(TABLES)}")
    op.execute("DELETE FROM facts.hop WHERE name = 'learning'")
    before = HERE.with_name("0001_views.sql").read_text("utf-8")
    at = before.index("CREATE VIEW reporting.data_freshness")
    former = before[at : before.index(";\n", at) + 2].replace("CREATE VIEW", "CREATE OR REPLACE VIEW")
    op.get_bind().exec_driver_sql(former.replace("%", "%%"))
