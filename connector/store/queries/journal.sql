-- name: start
-- A run of apply.
INSERT INTO connector.run (kind, site, plan, started_at) VALUES ('apply', %(site)s, %(plan)s, %(now)s)
RETURNING run_id

-- name: abandon
-- Runs that were killed: they hold no lock any more.
UPDATE connector.run SET status = 'stopped', finished_at = %(now)s, detail = 'the process ended without a word'
WHERE site = %(site)s AND status = 'running'

-- name: applying
-- The plan is being carried out.
UPDATE connector.plan SET status = 'applying' WHERE number = %(plan)s

-- name: finish
-- The end of a run.
UPDATE connector.run SET status = %(status)s, finished_at = %(now)s, detail = %(detail)s WHERE run_id = %(run)s

-- name: applied
-- All of the plan that may go has gone.
UPDATE connector.plan SET status = 'applied' WHERE number = (SELECT plan FROM connector.run WHERE run_id = %(run)s)

-- name: pending
-- Changes of one phase that are still to be carried out; sent ones may have happened. A page of them is taken first,
-- and what belongs to each is looked up then.
WITH page AS MATERIALIZED (
    SELECT c.ordinal, c.action, c.subject, c.target, c.person_id, c.before, c.after, c.reason, c.kind, c.level, c.ref,
           COALESCE(o.state = 'sent', false) AS sent
    FROM connector.change c
    LEFT JOIN connector.operation o ON o.plan = c.plan AND o.ordinal = c.ordinal
    WHERE c.plan = %(plan)s AND c.phase = %(phase)s AND c.ordinal > %(after)s
      AND (c.guard_class IS NULL OR c.guard_class <> ALL(%(held)s))
      AND (o.state IS NULL OR o.state = 'sent' OR (o.state = 'waiting' AND o.run_id <> %(run)s))
    ORDER BY c.ordinal
    LIMIT %(limit)s
), in_doubt AS MATERIALIZED (
    SELECT DISTINCT d.person_id, d.action, d.target
    FROM connector.grant_in_doubt d
    JOIN connector.run r ON r.run_id = %(run)s
    WHERE d.site = %(site)s AND d.sent_at > r.started_at - interval '10 minutes'
)
SELECT c.ordinal, c.action, c.subject, c.target, c.person_id, c.before, c.after, c.reason, c.kind, b.account_id,
       CASE  -- what is taken or altered is where it was granted, and nowhere else
           WHEN c.action IN ('enrol', 'add_to_cohort', 'add_to_group', 'assign_role') THEN COALESCE(l.place_id, r.moodle_id)
           ELSE l.place_id
       END AS place_id, c.sent OR i.person_id IS NOT NULL AS uncertain,
       c.action IN ('enrol', 'add_to_cohort', 'add_to_group', 'assign_role') AND c.level IN ('course', 'cohort', 'group')
       AND NOT (b.bound_by = 'created' AND b.bound_at >= p.created_at) AND NOT c.before ? 'by_cohort'
       AND NOT EXISTS (
           SELECT FROM connector.ledger o
           WHERE o.site = %(site)s AND o.person_id = c.person_id AND o.kind = c.kind
             AND o.place_id = COALESCE(l.place_id, r.moodle_id) AND o.ended_at IS NULL AND o.ours
             AND (o.kind <> 'role' OR split_part(o.target, ':', 1) = split_part(c.target, ':', 1))) AS unclaimed,
       c.kind = 'enrolment' AND EXISTS (
           SELECT FROM connector.ledger o
           WHERE o.site = %(site)s AND o.person_id = c.person_id AND o.place_id = l.place_id AND o.ended_at IS NULL
             AND (o.kind = 'role' AND split_part(o.target, ':', 1) = c.before ->> 'role' || '@course'
                  OR o.kind = 'enrolment' AND o.target <> c.target AND o.terms ->> 'role' = c.before ->> 'role')
       ) AS keeps_role
FROM page c
JOIN connector.plan p ON p.number = %(plan)s
LEFT JOIN LATERAL (  -- with a limit each is looked up by its index, however many there are
    SELECT b.account_id, b.bound_by, b.bound_at FROM connector.binding b
    WHERE b.site = %(site)s AND b.person_id = c.person_id AND NOT EXISTS (  -- refused a moment ago: none to write to
        SELECT FROM connector.administrator d WHERE d.site = b.site AND d.account_id = b.account_id) LIMIT 1
) b ON true
LEFT JOIN LATERAL (
    SELECT l.place_id FROM connector.ledger l
    WHERE l.site = %(site)s AND l.person_id = c.person_id AND l.kind = c.kind AND l.target = c.target
      AND l.ended_at IS NULL LIMIT 1
) l ON true
LEFT JOIN LATERAL (
    SELECT r.moodle_id FROM connector.reference r
    WHERE r.site = %(site)s AND r.kind = c.level AND r.ref = c.ref LIMIT 1
) r ON true
LEFT JOIN in_doubt i ON i.person_id = c.person_id AND i.action = c.action AND i.target = c.target
ORDER BY c.ordinal

-- name: doubts
-- Grants that were sent and never confirmed, where Moodle can tell whether it has them, and whether the ledger has.
SELECT c.plan, c.ordinal, i.run_id, c.action, c.subject, c.target, c.person_id, c.before, c.after, c.reason, c.kind,
       b.account_id, r.moodle_id AS place_id,
       EXISTS (SELECT FROM connector.ledger l
               WHERE l.site = i.site AND l.person_id = c.person_id AND l.kind = c.kind AND l.target = c.target
                 AND l.ended_at IS NULL) AS held
FROM connector.grant_in_doubt i
JOIN connector.change c ON c.plan = i.plan AND c.ordinal = i.ordinal
LEFT JOIN connector.binding b ON b.site = i.site AND b.person_id = c.person_id
LEFT JOIN connector.reference r ON r.site = i.site AND r.kind = c.level AND r.ref = c.ref
WHERE i.site = %(site)s AND i.state = 'sent' AND c.level IN ('course', 'cohort', 'group')
ORDER BY c.plan, i.run_id, c.action, c.ordinal

-- name: sent
-- Written down before the call is made.
INSERT INTO connector.operation (plan, ordinal, run_id, state, sent_at, before)
SELECT %(plan)s, unnest(%(ordinals)s::integer[]), %(run)s, 'sent', %(now)s, %(before)s
ON CONFLICT (plan, ordinal) DO UPDATE
SET state = 'sent', run_id = excluded.run_id, attempts = operation.attempts + 1, sent_at = excluded.sent_at,
    before = excluded.before

-- name: record
-- What came of it.
INSERT INTO connector.operation (plan, ordinal, run_id, state, sent_at, finished_at, code, message)
VALUES (%(plan)s, %(ordinal)s, %(run)s, %(state)s, %(now)s, %(now)s, %(code)s, %(message)s)
ON CONFLICT (plan, ordinal) DO UPDATE
SET state = excluded.state, run_id = excluded.run_id, finished_at = excluded.finished_at, code = excluded.code,
    message = excluded.message

-- name: hand_over_grants
-- A rehired person takes over what the same account was granted under the earlier key.
UPDATE connector.ledger l SET person_id = c.person_id
FROM unnest(%(ordinals)s::integer[]) AS d (ordinal)
JOIN connector.change c ON c.plan = %(plan)s AND c.ordinal = d.ordinal
JOIN connector.binding b
     ON b.site = %(site)s AND b.account_id = (c.after ->> 'account')::bigint AND b.person_id <> c.person_id
WHERE l.site = %(site)s AND l.person_id = b.person_id AND l.ended_at IS NULL AND l.kind <> 'assignment'

-- name: hand_over_account
-- The earlier key gives the account up.
DELETE FROM connector.binding b
USING unnest(%(ordinals)s::integer[]) AS d (ordinal)
JOIN connector.change c ON c.plan = %(plan)s AND c.ordinal = d.ordinal
WHERE b.site = %(site)s AND b.account_id = (c.after ->> 'account')::bigint AND b.person_id <> c.person_id

-- name: bind
-- A person has an account: the one that was made, or the one that was adopted.
INSERT INTO connector.binding (site, person_id, account_id, bound_at, bound_by, suspended_by_us)
SELECT %(site)s, c.person_id, COALESCE(d.moodle_id, (c.after ->> 'account')::bigint), %(now)s,
       COALESCE(c.after ->> 'matched_by', 'created'), COALESCE(c.after ->> 'suspended' = '1', false)
FROM unnest(%(ordinals)s::integer[], %(moodle_ids)s::bigint[]) AS d (ordinal, moodle_id)
JOIN connector.change c ON c.plan = %(plan)s AND c.ordinal = d.ordinal
ON CONFLICT (site, person_id) DO UPDATE
SET account_id = excluded.account_id, bound_at = excluded.bound_at, bound_by = excluded.bound_by,
    suspended_by_us = excluded.suspended_by_us

-- name: username_adopted
-- The username that was there is the person's now, and given to nobody else.
INSERT INTO connector.reserved_username (site, username, person_id)
SELECT b.site, lower(a.fields ->> 'username'), b.person_id
FROM connector.change c
JOIN connector.binding b ON b.site = %(site)s AND b.person_id = c.person_id
JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
WHERE c.plan = %(plan)s AND c.ordinal = ANY(%(ordinals)s) AND a.fields ->> 'username' <> ''
ORDER BY 2
ON CONFLICT DO NOTHING

-- name: given_up
-- The account is nobody's again; while something of ours is left there, we keep the binding to take it by.
DELETE FROM connector.binding b
USING connector.change c
WHERE c.plan = %(plan)s AND c.ordinal = ANY(%(ordinals)s) AND b.site = %(site)s AND b.person_id = c.person_id
  AND b.account_id = (c.before ->> 'account')::bigint
  AND NOT EXISTS (SELECT FROM connector.ledger l
                  WHERE l.site = b.site AND l.person_id = b.person_id AND l.kind <> 'assignment' AND l.ended_at IS NULL
                    AND l.ours)

-- name: account_deleted
-- Nothing is left in Moodle: no binding, no grants. Accounts are locked by their ids: see accounts.seen.
WITH locked AS MATERIALIZED (
    SELECT a.account_id, b.person_id
    FROM connector.change c
    JOIN connector.binding b ON b.site = %(site)s AND b.person_id = c.person_id
         AND b.account_id = (c.before ->> 'account')::bigint
    JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
    WHERE c.plan = %(plan)s AND c.ordinal = ANY(%(ordinals)s)
    ORDER BY a.account_id FOR NO KEY UPDATE OF a
), unbound AS (
    DELETE FROM connector.binding b USING locked d WHERE b.site = %(site)s AND b.person_id = d.person_id
), ended AS (
    UPDATE connector.ledger l SET ended_at = %(now)s
    FROM locked d WHERE l.site = %(site)s AND l.person_id = d.person_id AND l.ended_at IS NULL
)
UPDATE connector.account a SET fields = '{}', seen_at = %(now)s
FROM locked d WHERE a.site = %(site)s AND a.account_id = d.account_id

-- name: account_made
-- What is known of an account that was made just now.
INSERT INTO connector.account (site, account_id, fields, suspended, seen_at)
SELECT %(site)s, d.moodle_id, c.after, COALESCE(c.after ->> 'suspended' = '1', false), %(now)s
FROM unnest(%(ordinals)s::integer[], %(moodle_ids)s::bigint[]) AS d (ordinal, moodle_id)
JOIN connector.change c ON c.plan = %(plan)s AND c.ordinal = d.ordinal
ORDER BY d.moodle_id
ON CONFLICT (site, account_id) DO UPDATE
SET fields = excluded.fields, suspended = excluded.suspended, seen_at = excluded.seen_at

-- name: account_changed
-- What is known of an account that was changed just now. Accounts are locked by their ids: see accounts.seen.
WITH locked AS MATERIALIZED (
    SELECT a.account_id, c.after
    FROM connector.change c
    JOIN connector.binding b ON b.site = %(site)s AND b.person_id = c.person_id
    JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
    WHERE c.plan = %(plan)s AND c.ordinal = ANY(%(ordinals)s)
    ORDER BY a.account_id FOR NO KEY UPDATE OF a
)
UPDATE connector.account a
SET fields = a.fields || c.after || jsonb_build_object(
        'profile', COALESCE(a.fields -> 'profile', '{}') || COALESCE(c.after -> 'profile', '{}')),
    suspended = COALESCE(c.after ->> 'suspended' = '1', a.suspended),
    seen_at = %(now)s
FROM locked c WHERE a.site = %(site)s AND a.account_id = c.account_id

-- name: administrator_noted
-- Moodle changes no administrator's account for us: from now on it is never touched. Accounts are locked by their ids.
WITH locked AS MATERIALIZED (
    SELECT a.account_id
    FROM connector.change c
    JOIN connector.binding b ON b.site = %(site)s AND b.person_id = c.person_id
    JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
    WHERE c.plan = %(plan)s AND c.ordinal = ANY(%(ordinals)s)
    ORDER BY a.account_id FOR NO KEY UPDATE OF a
)
UPDATE connector.account a SET administrator_since = %(now)s
FROM locked l WHERE a.site = %(site)s AND a.account_id = l.account_id

-- name: suspension_noted
-- Only what we suspended do we make active again; moodle_id 0 says that it was so already, by somebody else.
UPDATE connector.binding b SET suspended_by_us = c.after ->> 'suspended' = '1' AND d.moodle_id IS DISTINCT FROM 0
FROM unnest(%(ordinals)s::integer[], %(moodle_ids)s::bigint[]) AS d (ordinal, moodle_id)
JOIN connector.change c ON c.plan = %(plan)s AND c.ordinal = d.ordinal
WHERE b.site = %(site)s AND b.person_id = c.person_id

-- name: manager_changed
-- Who leads whom is kept in our own model.
UPDATE connector.person p
SET manager_id = (SELECT m.person_id FROM connector.person m
                  WHERE m.site = p.site AND m.key = c.after ->> 'manager' AND c.after ->> 'manager' <> '')
FROM connector.change c
WHERE c.plan = %(plan)s AND c.ordinal = ANY(%(ordinals)s) AND p.person_id = c.person_id

-- name: cohort_made
-- The id of a cohort that was made just now.
INSERT INTO connector.reference (site, kind, ref, moodle_id, seen_at)
SELECT %(site)s, 'cohort', c.subject, d.moodle_id, %(now)s
FROM unnest(%(ordinals)s::integer[], %(moodle_ids)s::bigint[]) AS d (ordinal, moodle_id)
JOIN connector.change c ON c.plan = %(plan)s AND c.ordinal = d.ordinal
ON CONFLICT (site, kind, ref) DO UPDATE SET moodle_id = excluded.moodle_id, seen_at = excluded.seen_at

-- name: group_made
-- The id of a group that was made just now, and its course.
WITH made AS (
    SELECT c.subject, (c.after ->> 'course')::bigint AS course_id, d.moodle_id
    FROM unnest(%(ordinals)s::integer[], %(moodle_ids)s::bigint[]) AS d (ordinal, moodle_id)
    JOIN connector.change c ON c.plan = %(plan)s AND c.ordinal = d.ordinal
), placed AS (
    INSERT INTO connector.course_group (site, group_id, course_id)
    SELECT DISTINCT %(site)s, moodle_id, course_id FROM made
    ON CONFLICT (site, group_id) DO UPDATE SET course_id = excluded.course_id
)
INSERT INTO connector.reference (site, kind, ref, moodle_id, seen_at)
SELECT %(site)s, 'group', subject, moodle_id, %(now)s FROM made
ON CONFLICT (site, kind, ref) DO UPDATE SET moodle_id = excluded.moodle_id, seen_at = excluded.seen_at

-- name: granted
-- The ledger: what was given, by which change, and whether by us. moodle_id 0 says that it was there already: by
-- somebody else, unless it is ours under another name of the same place.
INSERT INTO connector.ledger (site, person_id, kind, target, place_id, terms, ours, granted_at, plan, ordinal)
SELECT %(site)s, c.person_id, c.kind, c.target, r.moodle_id, c.after,
       c.action NOT IN ('recognise_cohort', 'recognise_enrolment', 'recognise_role', 'recognise_group') AND (d.moodle_id IS DISTINCT FROM 0 OR EXISTS (
           SELECT FROM connector.ledger o
           WHERE o.site = %(site)s AND o.person_id = c.person_id AND o.kind = c.kind AND o.place_id = r.moodle_id
             AND o.ended_at IS NULL AND o.ours)),
       %(now)s, c.plan, c.ordinal
FROM unnest(%(ordinals)s::integer[], %(moodle_ids)s::bigint[]) AS d (ordinal, moodle_id)
JOIN connector.change c ON c.plan = %(plan)s AND c.ordinal = d.ordinal
LEFT JOIN connector.reference r ON r.site = %(site)s AND r.kind = c.level AND r.ref = c.ref
ON CONFLICT (site, person_id, kind, target) WHERE ended_at IS NULL DO UPDATE
SET terms = excluded.terms, place_id = COALESCE(ledger.place_id, excluded.place_id), suspended = false,
    granted_at = excluded.granted_at

-- name: grant_altered
-- New terms, or active again. A reading that began before does not know it.
UPDATE connector.ledger l SET terms = c.after - 'suspended', suspended = COALESCE((c.after ->> 'suspended')::boolean, false),
    granted_at = %(now)s
FROM connector.change c
WHERE c.plan = %(plan)s AND c.ordinal = ANY(%(ordinals)s) AND l.site = %(site)s AND l.person_id = c.person_id
  AND l.kind = c.kind AND l.target = c.target AND l.ended_at IS NULL

-- name: terms_noted
-- What Moodle does not know of: nothing was given or taken.
UPDATE connector.ledger l SET terms = c.after
FROM connector.change c
WHERE c.plan = %(plan)s AND c.ordinal = ANY(%(ordinals)s) AND l.site = %(site)s AND l.person_id = c.person_id
  AND l.kind = c.kind AND l.target = c.target AND l.ended_at IS NULL

-- name: roles_went
-- With an enrolment Moodle takes every role that the person has in the course; what is still wanted is given again.
UPDATE connector.ledger r SET ended_at = %(now)s
FROM connector.change c
JOIN connector.ledger l ON l.site = %(site)s AND l.person_id = c.person_id AND l.kind = c.kind AND l.target = c.target
     AND l.ended_at IS NULL
WHERE c.plan = %(plan)s AND c.ordinal = ANY(%(ordinals)s) AND r.site = l.site AND r.person_id = l.person_id
  AND r.kind = 'role' AND split_part(r.target, ':', 1) LIKE '%%@course' AND r.place_id = l.place_id AND r.ended_at IS NULL

-- name: groups_went
-- With an enrolment Moodle takes the person out of all groups of the course.
UPDATE connector.ledger m SET ended_at = %(now)s
FROM connector.change c
JOIN connector.ledger l ON l.site = %(site)s AND l.person_id = c.person_id AND l.kind = c.kind AND l.target = c.target
     AND l.ended_at IS NULL
JOIN connector.course_group g ON g.site = l.site AND g.course_id = l.place_id
WHERE c.plan = %(plan)s AND c.ordinal = ANY(%(ordinals)s) AND m.site = l.site AND m.person_id = l.person_id
  AND m.kind = 'group' AND m.place_id = g.group_id AND m.ended_at IS NULL

-- name: grant_ended
-- What was taken away again, or is forgotten: ours only where it is held under another name of the same place, a role in a
-- course also by an enrolment there.
UPDATE connector.ledger l SET ended_at = %(now)s
FROM connector.change c
WHERE c.plan = %(plan)s AND c.ordinal = ANY(%(ordinals)s) AND l.site = %(site)s AND l.person_id = c.person_id
  AND l.kind = c.kind AND l.target = c.target AND l.ended_at IS NULL
  AND (c.action <> 'forget_grant' OR NOT l.ours OR EXISTS (
      SELECT FROM connector.ledger o
      WHERE o.site = l.site AND o.person_id = l.person_id AND o.kind = l.kind AND o.place_id = l.place_id
        AND o.target <> l.target AND o.ended_at IS NULL AND o.ours
        AND (l.kind <> 'role' OR split_part(o.target, ':', 1) = split_part(l.target, ':', 1)))
       OR l.kind = 'role' AND EXISTS (
      SELECT FROM connector.ledger e
      WHERE e.site = l.site AND e.person_id = l.person_id AND e.kind = 'enrolment' AND e.place_id = l.place_id
        AND e.ended_at IS NULL AND e.terms ->> 'role' || '@course' = split_part(l.target, ':', 1)))

-- name: due_noted
-- A due date that the learner is to be told: once for each day, and not by a source's first load, unless wished.
INSERT INTO connector.due_notice (site, person_id, requirement, due_on, changed, noted_at)
SELECT %(site)s, c.person_id, c.target, (c.after ->> 'due_on')::date, c.before ? 'due_on', %(now)s
FROM connector.change c
WHERE c.plan = %(plan)s AND c.ordinal = ANY(%(ordinals)s)
  AND c.after ->> 'due_on' IS DISTINCT FROM c.before ->> 'due_on' AND c.after ->> 'due_on' IS NOT NULL
  AND (%(first_load)s OR EXISTS (
      SELECT FROM connector.person e JOIN connector.loaded_source s ON s.site = e.site AND s.source = e.source
      WHERE e.person_id = c.person_id AND s.plan < c.plan))
ON CONFLICT (site, person_id, requirement, due_on) DO NOTHING

-- name: welcome_noted
-- An account of which its owner is to be told: once, and not by a source's first load, unless wished.
INSERT INTO connector.welcome (site, account_id, person_id, noted_at)
SELECT %(site)s, d.moodle_id, c.person_id, %(now)s
FROM unnest(%(ordinals)s::integer[], %(moodle_ids)s::bigint[]) AS d (ordinal, moodle_id)
JOIN connector.change c ON c.plan = %(plan)s AND c.ordinal = d.ordinal
WHERE %(first_load)s OR EXISTS (
    SELECT FROM connector.person e JOIN connector.loaded_source s ON s.site = e.site AND s.source = e.source
    WHERE e.person_id = c.person_id AND s.plan < c.plan)
ON CONFLICT (site, account_id) DO NOTHING

-- name: tally
-- How a plan stands.
SELECT count(*) FILTER (WHERE o.state = 'done') AS done,
       count(*) FILTER (WHERE o.state = 'refused') AS refused,
       count(*) FILTER (WHERE o.state = 'waiting') AS waiting,
       count(*) FILTER (WHERE o.state = 'sent') AS uncertain,
       count(*) FILTER (WHERE o.state IS NULL AND (c.guard_class IS NULL OR c.guard_class <> ALL(%(held)s))) AS unsent,
       count(*) FILTER (WHERE o.state IS NULL AND c.guard_class = ANY(%(held)s)) AS held
FROM connector.change c
LEFT JOIN connector.operation o ON o.plan = c.plan AND o.ordinal = c.ordinal
WHERE c.plan = %(plan)s

-- name: refusals
-- Changes that were set aside, or of which Moodle kept only a part, with the cause.
SELECT c.action, c.subject, c.target, c.person_id, c.before, c.after, c.reason, c.kind, o.code, o.message
FROM connector.operation o
JOIN connector.change c ON c.plan = o.plan AND c.ordinal = o.ordinal
WHERE o.plan = %(plan)s AND (o.state = 'refused' OR o.code = 'dropped')
ORDER BY o.ordinal
LIMIT %(limit)s
