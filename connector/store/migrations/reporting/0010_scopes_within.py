"""What happens within courses is compared by what was read completely, too."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0010"
down_revision = "0009"
HERE = Path(__file__)
INDEXES = (
    "facts.fact_activity_completion_course", "facts.fact_item_grade_course", "facts.dim_grade_item_course",
    "landing.held_course",
)  # fmt: skip


def upgrade() -> None:
    op.get_bind().exec_driver_sql(HERE.with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    before = HERE.with_name("0006_scopes.sql").read_text("utf-8")
    views = before[before.index("CREATE VIEW facts.landed") : before.index("CREATE INDEX")]
    op.get_bind().exec_driver_sql(views.replace("CREATE VIEW", "CREATE OR REPLACE VIEW").replace("%", "%%"))
    op.execute(f"DROP INDEX {', '.join(INDEXES)}")
