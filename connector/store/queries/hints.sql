-- name: note
-- A hint has come: keep it, and wake who listens once it is committed.
WITH noted AS (
    INSERT INTO connector.hint (site, sent_at, came_at, times) VALUES (%(site)s, %(sent_at)s, %(now)s, 1)
    ON CONFLICT (site) DO UPDATE SET sent_at = excluded.sent_at, came_at = excluded.came_at, times = hint.times + 1
    RETURNING site
)
SELECT pg_notify('connector_hint', site) FROM noted

-- name: last
SELECT sent_at, came_at, times FROM connector.hint WHERE site = %(site)s
