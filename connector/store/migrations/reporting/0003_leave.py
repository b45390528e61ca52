"""Leave, during which nothing is due, grace after validity has ended, and paths in strict order."""

from __future__ import annotations

from alembic import op

from connector.store.dictionary import comments

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE facts.dim_requirement ADD COLUMN grace_days integer")
    op.execute("ALTER TABLE facts.dim_requirement ADD COLUMN strict boolean NOT NULL DEFAULT false")
    op.execute("UPDATE facts.dim_requirement SET grace_days = 0 WHERE recertify_months IS NOT NULL")
    op.execute("CREATE UNLOGGED TABLE facts.landing_leave (person_id bigint, first_on date, last_on date)")
    connection = op.get_bind()
    for statement in comments(connection.exec_driver_sql):
        connection.exec_driver_sql(statement.replace("%", "%%"))


def downgrade() -> None:
    op.execute("DROP TABLE facts.landing_leave")
    op.execute("ALTER TABLE facts.dim_requirement DROP COLUMN grace_days, DROP COLUMN strict")
