-- name: now
-- How things stand, in one row. Counts go by partial and unique indexes; nothing here reads a plan's changes but those
-- of the newest one.
WITH newest AS (
    SELECT number, counts FROM connector.plan
    WHERE site = %(site)s AND status IN ('planned', 'applying', 'applied') AND people IS NULL
    ORDER BY number DESC LIMIT 1
), last_feeds AS (
    SELECT DISTINCT ON (source) source, status FROM connector.feed
    WHERE site = %(site)s AND status <> 'reading' ORDER BY source, feed_id DESC
)
SELECT
    (SELECT extract(epoch FROM now() - max(received_at)) FROM connector.feed WHERE site = %(site)s AND status = 'accepted') AS feed_age,
    (SELECT jsonb_object_agg(h.guard_class, h.count) FROM connector.hold h
     WHERE h.plan = (SELECT number FROM newest)
       AND (h.state = 'waiting' OR h.state IN ('approved', 'rejected') AND h.expires_at <= now()
            AND EXISTS (SELECT FROM connector.change c LEFT JOIN connector.operation o USING (plan, ordinal)
                        WHERE c.plan = h.plan AND c.guard_class = h.guard_class
                          AND COALESCE(o.state, 'waiting') IN ('sent', 'waiting')))) AS holds,
    (SELECT count(*) FROM last_feeds WHERE status = 'refused') AS refused_feeds,
    (SELECT jsonb_object_agg(kind, open) FROM (
        SELECT kind, count(*) AS open FROM connector."case" WHERE site = %(site)s AND settled_at IS NULL GROUP BY kind
     ) AS by_kind) AS cases,
    COALESCE((SELECT sum(planned::integer) FROM newest, jsonb_each_text(counts) AS c (action, planned)), 0)
        - (SELECT count(*) FROM connector.operation
           WHERE plan = (SELECT number FROM newest) AND state IN ('done', 'refused')) AS unsent,
    (SELECT jsonb_object_agg(name, extract(epoch FROM succeeded_at)) FROM connector.job
     WHERE site = %(site)s AND succeeded_at IS NOT NULL) AS succeeded,
    (SELECT jsonb_object_agg(name, failures) FROM connector.job WHERE site = %(site)s) AS failures,
    (SELECT jsonb_object_agg(name, (tries > %(ladder)s)::integer) FROM connector.job WHERE site = %(site)s) AS quarantined

-- name: read
-- How the facts stand: who was in Moodle within a day, and how old each hop is.
SELECT (SELECT active_24h FROM reporting.executive_overview) AS active_users,
       (SELECT jsonb_object_agg(hop, extract(epoch FROM lag)) FROM reporting.data_freshness) AS lags

-- name: courses
-- The courses in which people are enrolled, with most of them first.
SELECT shortname AS name, enrolled, completed FROM reporting.course_performance
ORDER BY enrolled DESC, shortname LIMIT %(limit)s
