"""What an increment asks of the facts is looked up: it costs what came, however much there is."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"
HERE = Path(__file__)


def upgrade() -> None:
    op.get_bind().exec_driver_sql(HERE.with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    before = HERE.with_name("0010_scopes_within.sql").read_text("utf-8")
    view = before[before.index("CREATE OR REPLACE VIEW facts.known") : before.index("CREATE INDEX")]
    op.get_bind().exec_driver_sql(view.replace("%", "%%"))
    op.execute("DROP INDEX facts.landing_assignment_person")
