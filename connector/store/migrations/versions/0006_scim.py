"""The SCIM server: clients with their tokens, and the directory that each of them keeps here."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    for table in ("scim_member", "scim_group", "scim_user", "scim_token", "scim_client"):
        op.execute(f"DROP TABLE connector.{table}")
