"""What people assign and waive beside the rules, and what learners are told of due dates."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"

_RULES_ALONE = """
CREATE VIEW connector.wanted_grant AS
SELECT p.person_id, g.kind, g.target, g.terms, g.rule, g.level, g.ref
FROM connector.person p
JOIN connector.grant_set g ON g.site = p.site AND g.digest = p.grant_set;
COMMENT ON VIEW connector.wanted_grant IS
    'What the rules give to each person, by the mapping that read the last feed.';
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text("utf-8").replace("%", "%%"))


def downgrade() -> None:
    for view in ("wanted_grant", "assigned_grant", "waived", "decision_said", "ruled_grant"):
        op.execute(f"DROP VIEW connector.{view}")
    op.execute(_RULES_ALONE)
    for table in ("due_notice", "decision", "assignable"):
        op.execute(f"DROP TABLE connector.{table}")
    op.execute("DROP FUNCTION connector.note_manual_decision")
