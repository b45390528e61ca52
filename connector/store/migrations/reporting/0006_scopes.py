"""A reading says what it has read completely, so that an increment closes what is no more."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    text = Path(__file__).with_suffix(".sql").read_text("utf-8")
    op.get_bind().exec_driver_sql(text.replace("%", "%%"))


def downgrade() -> None:
    op.execute("DROP VIEW facts.landed, facts.known")
    op.execute("DROP TABLE facts.landing_scope")
    op.execute("DROP INDEX facts.fact_certificate_account")
