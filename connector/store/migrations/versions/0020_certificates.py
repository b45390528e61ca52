"""Certificates of the connector, with numbers that are given once."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.execute("DROP TABLE connector.certificate")
    op.execute("DROP TABLE connector.certificate_serial")
    op.execute("DROP FUNCTION connector.note_certificate")
