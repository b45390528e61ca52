-- name: waiting
-- Plans that have a held class of which something is left to be carried out.
SELECT DISTINCT p.number, p.hash, p.created_at, p.status, p.counts
FROM connector.plan p JOIN connector.hold h ON h.plan = p.number
WHERE p.site = %(site)s AND p.status NOT IN ('making', 'superseded') AND h.state <> 'superseded'
  AND EXISTS (SELECT FROM connector.change c LEFT JOIN connector.operation o USING (plan, ordinal)
              WHERE c.plan = h.plan AND c.guard_class = h.guard_class
                AND COALESCE(o.state, 'waiting') IN ('sent', 'waiting'))
ORDER BY p.number DESC

-- name: find
-- The newest plan with a hash.
SELECT number, hash, created_at, status, counts FROM connector.plan
WHERE site = %(site)s AND hash = %(hash)s AND status <> 'making'
ORDER BY number DESC
LIMIT 1

-- name: successor
-- The newest plan of everybody.
SELECT hash FROM connector.plan
WHERE site = %(site)s AND people IS NULL AND number > %(plan)s AND status NOT IN ('making', 'superseded')
ORDER BY number DESC
LIMIT 1

-- name: held
-- The held classes of a plan.
SELECT h.guard_class, h.digest, h.count, h."limit", h."window", h.spent, h.state, h.decided_by, h.decided_at, h.expires_at,
       (SELECT count(DISTINCT c.person_id) FROM connector.change c
        WHERE c.plan = h.plan AND c.guard_class = h.guard_class) AS people,
       NOT EXISTS (SELECT FROM connector.change c LEFT JOIN connector.operation o USING (plan, ordinal)
                   WHERE c.plan = h.plan AND c.guard_class = h.guard_class
                     AND COALESCE(o.state, 'waiting') IN ('sent', 'waiting')) AS done
FROM connector.hold h
WHERE h.plan = %(plan)s
ORDER BY h.guard_class

-- name: actions
-- Changes by class and action.
SELECT guard_class, action, count(*) AS count FROM connector.change
WHERE plan = %(plan)s AND guard_class IS NOT NULL
GROUP BY guard_class, action ORDER BY guard_class, action

-- name: people
-- People whom changes of these classes concern.
SELECT count(DISTINCT person_id) AS people FROM connector.change
WHERE plan = %(plan)s AND guard_class = ANY(%(guards)s)

-- name: units
-- Units of the people whom held changes concern.
SELECT DISTINCT p.unit, p.unit_name
FROM connector.change c JOIN connector.person p USING (person_id)
WHERE c.plan = %(plan)s AND c.guard_class = ANY(%(guards)s) AND p.unit <> ''
ORDER BY p.unit
LIMIT %(limit)s

-- name: page
-- Changes as wanted: those after one in order, or back from one, the nearest first. total counts all that are as wanted.
WITH found AS MATERIALIZED (
    SELECT c.ordinal
    FROM connector.change c LEFT JOIN connector.person p USING (person_id)
    WHERE c.plan = %(plan)s
      AND (%(guards)s::text[] IS NULL OR c.guard_class = ANY(%(guards)s))
      AND (%(action)s::text IS NULL OR c.action = %(action)s)
      AND (%(unit)s = '' OR p.unit = %(unit)s)
      AND (%(person)s = '' OR c.subject ILIKE %(person)s
           OR concat_ws(' ', p.wanted ->> 'firstname', p.wanted ->> 'lastname', p.wanted ->> 'firstname') ILIKE %(person)s
           OR concat(p.wanted ->> 'lastname', p.wanted ->> 'firstname') ILIKE %(person)s)
), page AS MATERIALIZED (
    SELECT ordinal FROM found
    WHERE CASE WHEN %(back)s THEN ordinal < %(from)s ELSE ordinal > %(from)s END
    ORDER BY CASE WHEN %(back)s THEN -ordinal ELSE ordinal END
    LIMIT %(limit)s
)
SELECT c.ordinal, c.action, c.subject, c.target, c.person_id, c.before, c.after, c.reason, c.kind,
       COALESCE(p.wanted ->> 'firstname', '') AS first, COALESCE(p.wanted ->> 'lastname', '') AS last,
       COALESCE(p.wanted ->> 'lang', p.initial ->> 'lang', '') AS language,
       COALESCE(p.unit, '') AS unit, COALESCE(p.unit_name, '') AS unit_name, COALESCE(o.state, '') AS state,
       (SELECT count(*) FROM found) AS total
FROM page
JOIN connector.change c ON c.plan = %(plan)s AND c.ordinal = page.ordinal
LEFT JOIN connector.person p USING (person_id)
LEFT JOIN connector.operation o ON o.plan = c.plan AND o.ordinal = c.ordinal
ORDER BY CASE WHEN %(back)s THEN -c.ordinal ELSE c.ordinal END

-- name: standings
-- Where the held classes of a plan stand by now: the same changes, in the newest plan that holds them.
WITH newest AS (
    SELECT DISTINCT ON (asked.guard_class) asked.guard_class, h.plan, h.state, h.expires_at, p.status
    FROM connector.hold asked
    JOIN connector.hold h ON h.digest = asked.digest AND h.guard_class = asked.guard_class
    JOIN connector.plan p ON p.number = h.plan
    WHERE asked.plan = %(plan)s AND p.site = %(site)s
    ORDER BY asked.guard_class, h.plan DESC
)
SELECT n.guard_class, n.state, n.expires_at, n.status = 'superseded' AS superseded,
       EXISTS (SELECT FROM connector.run r WHERE r.plan = n.plan AND r.status = 'running') AS running,
       count(*) AS total,
       count(*) FILTER (WHERE o.state = 'done') AS done,
       count(*) FILTER (WHERE o.state = 'refused') AS refused
FROM newest n
JOIN connector.change c ON c.plan = n.plan AND c.guard_class = n.guard_class
LEFT JOIN connector.operation o ON o.plan = c.plan AND o.ordinal = c.ordinal
GROUP BY n.guard_class, n.plan, n.state, n.expires_at, n.status
ORDER BY n.guard_class
