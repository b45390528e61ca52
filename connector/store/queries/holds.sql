-- name: managed_people
-- What the guard's percentages are of.
SELECT count(*) AS people FROM connector.binding WHERE site = %(site)s

-- name: active_grants
-- The same for what is taken away of grants.
SELECT count(*) FILTER (WHERE l.kind = 'role') AS roles,
       count(*) FILTER (WHERE l.kind IN ('cohort', 'enrolment', 'group') AND NOT l.suspended) AS grants
FROM connector.ledger l
WHERE l.site = %(site)s AND l.ended_at IS NULL AND l.ours

-- name: exempt
-- Accounts that a plan creates for people of sources whose first load is still to be carried out: they have no limit.
SELECT count(*) AS count
FROM connector.change c
JOIN connector.person p USING (person_id)
LEFT JOIN connector.loaded_source s ON s.site = p.site AND s.source = p.source
WHERE c.plan = %(plan)s AND c.guard_class = 'create' AND s.plan IS NULL

-- name: spent
-- What was carried out in the last day and week by guard class, but for what a person approved, as all has been that was
-- held, and but for whom the first load of a source created, which has no limit. Who swaps an identifier counts once.
SELECT c.guard_class, count(*) FILTER (WHERE o.finished_at > %(now)s - interval '24 hours') AS day, count(*) AS week
FROM connector.plan p
JOIN connector.change c ON c.plan = p.number AND c.guard_class = ANY(%(guards)s)
JOIN connector.operation o ON o.plan = c.plan AND o.ordinal = c.ordinal AND o.state = 'done'
WHERE p.site = %(site)s
  AND p.number IN (SELECT r.plan FROM connector.run r
                   WHERE r.site = %(site)s AND COALESCE(r.finished_at, %(now)s) > %(now)s - interval '7 days')
  AND o.finished_at > %(now)s - interval '7 days'
  AND NOT (c.action = 'release_identity' AND EXISTS (
      SELECT FROM connector.change i
      WHERE i.plan = c.plan AND i.person_id = c.person_id AND i.action = 'change_identity'))
  AND NOT EXISTS (SELECT FROM connector.hold h WHERE h.plan = p.number AND h.guard_class = c.guard_class)
  AND (c.guard_class <> 'create' OR EXISTS (
      SELECT FROM connector.person q JOIN connector.loaded_source s ON s.site = q.site AND s.source = q.source
      WHERE q.person_id = c.person_id AND s.plan < c.plan))
GROUP BY c.guard_class

-- name: decision
-- A decision on the same changes that is still valid, made for an earlier plan and not used up by it.
SELECT h.state, h.decided_by, h.decided_at, h.expires_at FROM connector.hold h
JOIN connector.plan p ON p.number = h.plan
WHERE p.site = %(site)s AND h.guard_class = %(guard_class)s AND h.digest = %(digest)s
  AND h.state IN ('approved', 'rejected') AND NOT EXISTS (
      SELECT FROM connector.operation o JOIN connector.change c ON c.plan = o.plan AND c.ordinal = o.ordinal
      WHERE o.plan = h.plan AND c.guard_class = h.guard_class AND o.state = 'done')
  AND (h.expires_at IS NULL OR h.expires_at > %(now)s)
ORDER BY h.decided_at DESC
LIMIT 1

-- name: asked_before
-- Classes of a plan with changes that a person was asked about elsewhere: that were rejected, and of a plan of some people
-- what waits too. "rejected" says that all of the class was.
WITH asked AS MATERIALIZED (
    SELECT DISTINCT ON (o.guard_class, o.digest)
           o.guard_class, o.digest, h.state, h.decided_by, h.decided_at, h.expires_at
    FROM connector.hold h
    JOIN connector.plan p ON p.number = h.plan
    JOIN connector.change o ON o.plan = h.plan AND o.guard_class = h.guard_class
    WHERE p.site = %(site)s AND h.plan <> %(plan)s
      AND (h.state = 'waiting' AND %(some)s OR h.state IN ('approved', 'rejected') AND h.expires_at > %(now)s)
    ORDER BY o.guard_class, o.digest, h.decided_at DESC NULLS LAST
), ours AS MATERIALIZED (
    SELECT ordinal, guard_class, digest FROM connector.change WHERE plan = %(plan)s AND guard_class IS NOT NULL
), met AS MATERIALIZED (  -- FULL is never a nested loop, however little is known of a plan that was made just now
    SELECT c.ordinal, guard_class, a.state, a.decided_by, a.decided_at, a.expires_at
    FROM ours c FULL JOIN asked a USING (guard_class, digest)
)
SELECT guard_class, bool_and(COALESCE(state, '') = 'rejected') AS rejected, max(decided_by) AS decided_by,
       max(decided_at) AS decided_at, min(expires_at) AS expires_at
FROM met
WHERE ordinal IS NOT NULL
GROUP BY guard_class
HAVING bool_or(state IN ('waiting', 'rejected'))

-- name: add
-- A class of changes that waits.
INSERT INTO connector.hold (plan, guard_class, count, "limit", "window", spent, digest,
                            state, decided_by, decided_at, expires_at)
VALUES (%(plan)s, %(guard_class)s, %(count)s, %(limit)s, %(window)s, %(spent)s, %(digest)s,
        %(state)s, %(decided_by)s, %(decided_at)s, %(expires_at)s)

-- name: supersede
-- Nobody needs to decide on them any more. A decision on what is not carried out goes too once it has expired, or the new
-- plan, of everybody, has taken it over.
UPDATE connector.hold h SET state = 'superseded'
FROM connector.plan p
WHERE p.number = h.plan AND p.site = %(site)s AND h.plan < %(plan)s
  AND (%(people)s::text[] IS NULL OR p.people <@ %(people)s)
  AND NOT (p.undoes IS NOT NULL AND p.status = 'planned')
  AND (h.state = 'waiting' OR h.state IN ('approved', 'rejected') AND %(people)s::text[] IS NULL
       AND (h.expires_at <= %(now)s OR EXISTS (
           SELECT FROM connector.hold n WHERE n.plan = %(plan)s AND n.guard_class = h.guard_class AND n.digest = h.digest))
       AND EXISTS (SELECT FROM connector.change c LEFT JOIN connector.operation o USING (plan, ordinal)
                   WHERE c.plan = h.plan AND c.guard_class = h.guard_class
                     AND COALESCE(o.state, 'waiting') IN ('sent', 'waiting')))

-- name: of_plan
-- The holds of a plan.
SELECT h.guard_class, h.count, h."limit", h."window", h.spent, h.digest, h.state, p.hash AS plan_hash, h.decided_by, h.expires_at
FROM connector.hold h JOIN connector.plan p ON p.number = h.plan
WHERE h.plan = %(plan)s
ORDER BY h.guard_class

-- name: waiting
-- Every hold whose changes have not all been carried out.
SELECT h.guard_class, h.count, h."limit", h."window", h.spent, h.digest, h.state, p.hash AS plan_hash, h.decided_by, h.expires_at
FROM connector.hold h JOIN connector.plan p ON p.number = h.plan
WHERE p.site = %(site)s AND p.status <> 'superseded' AND h.state IN ('waiting', 'approved', 'rejected')
  AND EXISTS (SELECT FROM connector.change c LEFT JOIN connector.operation o USING (plan, ordinal)
              WHERE c.plan = h.plan AND c.guard_class = h.guard_class
                AND COALESCE(o.state, 'waiting') IN ('sent', 'waiting'))
ORDER BY h.plan, h.guard_class

-- name: decide
-- A person's word on a class of a plan that is not carried out yet; without one on all but those that have to be named.
UPDATE connector.hold h SET state = %(state)s, decided_by = %(by)s, decided_at = %(now)s, expires_at = %(expires_at)s
FROM connector.plan p
WHERE p.number = h.plan AND p.site = %(site)s AND p.status <> 'superseded' AND starts_with(p.hash, %(hash)s)
  AND CASE WHEN %(guard_class)s::text IS NULL THEN h.guard_class <> ALL(%(by_name)s) ELSE h.guard_class = %(guard_class)s END
  AND h.state <> 'superseded'
  AND EXISTS (SELECT FROM connector.change c LEFT JOIN connector.operation o USING (plan, ordinal)
              WHERE c.plan = h.plan AND c.guard_class = h.guard_class
                AND COALESCE(o.state, 'waiting') IN ('sent', 'waiting'))
RETURNING h.guard_class, p.hash
