"""Doubts end: what was sent without an answer is looked up once."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0016"
down_revision = "0015"

_BEFORE = """
CREATE VIEW connector.grant_in_doubt AS
SELECT DISTINCT p.site, c.person_id, c.action, c.target
FROM connector.operation o
JOIN connector.change c ON c.plan = o.plan AND c.ordinal = o.ordinal
JOIN connector.plan p ON p.number = o.plan
WHERE o.state = 'sent' AND c.action IN ('enrol', 'add_to_cohort', 'assign_role', 'add_to_group')
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.execute("ALTER TABLE connector.present_grant DROP COLUMN active")
    op.execute("DROP INDEX connector.operation_lost")
    op.execute("DROP VIEW connector.grant_in_doubt")
    op.execute(_BEFORE)
