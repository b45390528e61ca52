"""Whose records of former systems are, and what stood elsewhere when somebody was erased."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0028"
down_revision = "0026"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.execute("DROP FUNCTION connector.acting_as, connector.console_accounts_of")
    op.execute("ALTER TABLE connector.erasure DROP COLUMN standing")
    op.execute("DROP VIEW connector.set_aside, connector.whose_record")
    op.execute(
        "CREATE OR REPLACE FUNCTION connector.refuse_all_but_erasing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF (NEW.entry_id, NEW.at, NEW.action, NEW.subject, NEW.detail) IS DISTINCT FROM "
        "(OLD.entry_id, OLD.at, OLD.action, OLD.subject, OLD.detail) OR NEW.actor NOT LIKE 'erased-%' THEN "
        "RAISE EXCEPTION 'the audit trail cannot be altered' USING ERRCODE = 'insufficient_privilege'; "
        "END IF; RETURN NEW; END $$"
    )
