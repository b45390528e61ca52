"""The console: accounts, sessions, and the audit trail."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.execute("DROP TRIGGER hold_decided ON connector.hold")
    op.execute("DROP INDEX connector.hold_question")
    for table in ("console_session", "console_recovery_code", "console_try", "console_account", "audit_trail"):
        op.execute(f"DROP TABLE connector.{table}")
    for function in ("note_decision", "refuse_alteration"):
        op.execute(f"DROP FUNCTION connector.{function}")
