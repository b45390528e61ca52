"""Since when scores are parked, and what the platform answered to the last try."""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.execute("ALTER TABLE connector.lti_score ADD parked_at timestamptz, ADD answer text NOT NULL DEFAULT ''")
    op.execute("UPDATE connector.lti_score SET parked_at = try_at, answer = 'refused' WHERE state = 'parked'")
    op.execute(
        "COMMENT ON COLUMN connector.lti_score.parked_at IS 'When it was parked for the first time; why is in answer.'"
    )
    op.execute("CREATE INDEX lti_score_parked ON connector.lti_score (platform_id) WHERE state = 'parked'")


def downgrade() -> None:
    op.execute("DROP INDEX connector.lti_score_parked")
    op.execute("ALTER TABLE connector.lti_score DROP parked_at, DROP answer")
