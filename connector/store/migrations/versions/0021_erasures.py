"""People are erased, and known again by keyed hashes."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.execute("DROP TRIGGER audit_trail_unaltered ON connector.audit_trail")
    op.execute("DROP TRIGGER audit_trail_only_grows ON connector.audit_trail")
    op.execute(
        "CREATE TRIGGER audit_trail_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON connector.audit_trail "
        "FOR EACH STATEMENT EXECUTE FUNCTION connector.refuse_alteration()"
    )
    op.execute("DROP FUNCTION connector.refuse_all_but_erasing")
    op.execute("DROP FUNCTION connector.is_said")
    op.execute("DROP TABLE connector.erased_username, connector.erasure_mark, connector.erasure")
