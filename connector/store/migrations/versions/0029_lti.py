"""LTI: platforms, this tool's keys, logins and the sessions that come of them."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    for table in ("lti_score", "lti_session", "lti_login", "lti_person", "lti_key", "lti_invitation", "lti_platform"):
        op.execute(f"DROP TABLE connector.{table}")
