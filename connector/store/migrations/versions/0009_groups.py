"""Groups within courses."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"

KINDS = "ALTER TABLE connector.reference ADD CONSTRAINT reference_kind_check CHECK (kind IN ({}))"
IN_DOUBT = """
CREATE OR REPLACE VIEW connector.grant_in_doubt AS
SELECT DISTINCT p.site, c.person_id, c.action, c.target
FROM connector.operation o
JOIN connector.change c ON c.plan = o.plan AND c.ordinal = o.ordinal
JOIN connector.plan p ON p.number = o.plan
WHERE o.state = 'sent' AND c.action IN ('enrol', 'add_to_cohort', 'assign_role')
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.execute(IN_DOUBT)
    op.execute("DROP INDEX connector.ledger_group")
    op.execute("DROP TABLE connector.course_group")
    op.execute("DELETE FROM connector.reference WHERE kind = 'group'")
    op.execute("ALTER TABLE connector.reference DROP CONSTRAINT reference_kind_check")
    op.execute(KINDS.format("'course', 'category', 'cohort'"))
