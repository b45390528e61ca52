"""How far the people of a course have watched a video is counted without reading what each of them has watched, and
those who watched last are found without the others."""

from __future__ import annotations

from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    op.execute("DROP INDEX connector.viewing_course")
    op.execute(
        "CREATE INDEX viewing_course ON connector.viewing "
        "(platform_id, course, trial, content_id, media_id, reported_at) INCLUDE (subject, share, completed_at)"
    )


def downgrade() -> None:
    op.execute("DROP INDEX connector.viewing_course")
    op.execute("CREATE INDEX viewing_course ON connector.viewing (platform_id, course)")
