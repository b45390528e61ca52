-- name: runs
-- The last runs of apply that did or tried something, the newest first, or one of any: with what was done by action, and
-- the last run that took it back.
SELECT r.run_id AS number, r.plan, p.hash AS plan_hash, r.started_at, r.finished_at, r.status, p.undoes, p.asked_by,
       COALESCE((SELECT jsonb_object_agg(d.action, d.count) FROM (
           SELECT c.action, count(*) AS count
           FROM connector.operation o JOIN connector.change c ON c.plan = o.plan AND c.ordinal = o.ordinal
           WHERE o.plan = r.plan AND o.run_id = r.run_id AND o.state = 'done'
           GROUP BY c.action) d), '{}') AS done,
       (SELECT max(u.run_id) FROM connector.run u JOIN connector.plan q ON q.number = u.plan
        WHERE q.undoes = r.run_id) AS undone_by
FROM connector.run r JOIN connector.plan p ON p.number = r.plan
WHERE r.site = %(site)s AND CASE WHEN %(run)s::bigint IS NULL
    THEN EXISTS (SELECT FROM connector.operation o WHERE o.plan = r.plan AND o.run_id = r.run_id)
    ELSE r.run_id = %(run)s END
ORDER BY r.run_id DESC
LIMIT %(limit)s

-- name: begin
-- The plan under way takes this run back.
UPDATE connector.plan SET undoes = %(run)s, asked_by = %(by)s WHERE number = %(plan)s

-- name: done_to_people
-- What a run did to accounts and managers, person by person in its order, and how things stand by now. What was so
-- already when it came was somebody else's doing. Before-images of people who were erased, and of long ago, are gone.
SELECT c.action, c.subject, c.target, c.person_id, c.before, c.after, c.reason, c.kind, b.account_id, a.fields AS known,
       COALESCE(m.key, '') AS manager
FROM connector.operation o
JOIN connector.change c ON c.plan = o.plan AND c.ordinal = o.ordinal
LEFT JOIN connector.person p ON p.person_id = c.person_id
LEFT JOIN connector.person m ON m.person_id = p.manager_id
LEFT JOIN connector.binding b ON b.site = %(site)s AND b.person_id = c.person_id
LEFT JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
WHERE o.plan = %(plan)s AND o.run_id = %(run)s AND o.state = 'done' AND o.code <> 'already' AND c.kind IS NULL
  AND c.digest <> ''
ORDER BY c.person_id, c.ordinal

-- name: done_to_grants
-- What a run did to grants, place by place, and what the ledger holds of them by now.
SELECT c.action, c.subject, c.target, c.person_id, c.before, c.after, c.reason, c.kind, b.account_id,
       l.terms, COALESCE(l.ours, false) AS ours, COALESCE(l.suspended, false) AS suspended,
       COALESCE(l.place_id, r.moodle_id) AS place_id
FROM connector.operation o
JOIN connector.change c ON c.plan = o.plan AND c.ordinal = o.ordinal
LEFT JOIN connector.binding b ON b.site = %(site)s AND b.person_id = c.person_id
LEFT JOIN connector.ledger l ON l.site = %(site)s AND l.person_id = c.person_id AND l.kind = c.kind
     AND l.target = c.target AND l.ended_at IS NULL
LEFT JOIN connector.reference r ON r.site = %(site)s AND r.kind = c.level AND r.ref = c.ref
WHERE o.plan = %(plan)s AND o.run_id = %(run)s AND o.state = 'done' AND c.kind IS NOT NULL AND c.digest <> ''
ORDER BY c.level, COALESCE(l.place_id, r.moodle_id), c.ordinal

-- name: granted_otherwise
-- People who hold something in Moodle, by this connector, that this run did not give.
SELECT DISTINCT l.person_id FROM connector.ledger l
WHERE l.site = %(site)s AND l.ended_at IS NULL AND l.ours AND l.kind <> 'assignment' AND l.person_id = ANY(%(person_ids)s)
  AND NOT EXISTS (SELECT FROM connector.operation o
                  WHERE o.plan = l.plan AND o.ordinal = l.ordinal AND o.run_id = %(run)s)

-- name: forget
-- What was taken back and HR or the rules do not want any more is settled: wanted anew some day, it is news. A grant that
-- was given is settled once it is not wanted, one that was taken away once it is.
DELETE FROM connector.undone u
USING connector.person p, connector.employment_status(p, %(now)s, %(ahead)s) AS status
WHERE u.site = %(site)s AND p.person_id = u.person_id AND CASE
    WHEN u.kind <> '' THEN EXISTS (
        SELECT FROM connector.change c
        WHERE c.plan = u.plan AND c.person_id = u.person_id AND c.kind = u.kind AND c.target = u.target AND (
            c.action IN ('remove_from_cohort', 'remove_from_group', 'unassign_role', 'suspend_enrolment', 'unenrol',
                         'withdraw_requirement', 'forget_grant')) <> (
            status IN ('joining', 'active') AND EXISTS (
                SELECT FROM connector.wanted_grant w
                WHERE w.person_id = u.person_id AND w.kind = u.kind AND w.target = u.target)))
    WHEN u.field = 'suspended' THEN status = CASE u.value #>> '{}' WHEN '0' THEN 'left' ELSE 'active' END
    WHEN u.field = 'manager' THEN
        connector.folded(u.value #>> '{}')
        <> connector.folded(CASE connector.folded(p.manager_key) WHEN connector.folded(p.key) THEN '' ELSE p.manager_key END)
    WHEN starts_with(u.field, 'profile.') THEN
        lower(u.value #>> '{}') <> lower(p.wanted -> 'profile' ->> substr(u.field, 9))
    ELSE lower(u.value #>> '{}') <> lower(p.wanted ->> u.field)
END

-- name: hold_again
-- Changes that do again what a person had taken back wait for a word of their own, whatever their class was. A change of
-- several fields waits as a whole.
UPDATE connector.change c SET guard_class = 'undone'
FROM connector.plan p
WHERE p.number = %(plan)s AND p.undoes IS NULL AND c.plan = p.number
  AND c.action NOT IN ('create_account', 'release_identity')
  AND c.person_id IN (SELECT person_id FROM connector.undone WHERE site = %(site)s)
  AND EXISTS (SELECT FROM connector.wishes(c.kind, c.after) w
              JOIN connector.undone u ON u.field = w.field AND lower(u.value::text) = lower(w.value::text)
              WHERE u.site = %(site)s AND u.person_id = c.person_id AND u.kind = COALESCE(c.kind, '') AND u.target = c.target)

-- name: hold_release
-- Nobody gives an identifier up for a change that waits.
UPDATE connector.change c SET guard_class = 'undone'
FROM connector.change i
WHERE c.plan = %(plan)s AND c.action = 'release_identity'
  AND i.plan = c.plan AND i.person_id = c.person_id AND i.action = 'change_identity' AND i.guard_class = 'undone'

-- name: done_since
-- Whatever was taken back of the same things before is history now.
DELETE FROM connector.undone u
USING connector.change c, connector.wishes(c.kind, c.after || c.before) w
WHERE c.plan = %(plan)s AND c.ordinal = ANY(%(ordinals)s) AND u.site = %(site)s AND u.person_id = c.person_id
  AND u.kind = COALESCE(c.kind, '') AND u.target = c.target AND u.field = w.field AND u.plan <> c.plan

-- name: taken_back
-- A plan that takes a run of HR's plans back: what the run had done is not to be done again unasked.
INSERT INTO connector.undone (site, person_id, kind, target, field, value, plan, undone_at)
SELECT %(site)s, c.person_id, COALESCE(c.kind, ''), c.target, w.field, w.value, c.plan, %(now)s
FROM connector.plan p
JOIN connector.run r ON r.run_id = p.undoes
JOIN connector.plan q ON q.number = r.plan AND q.undoes IS NULL
JOIN connector.change c ON c.plan = p.number AND c.ordinal = ANY(%(ordinals)s) AND c.person_id IS NOT NULL
CROSS JOIN LATERAL connector.wishes(c.kind, c.before) w
WHERE p.number = %(plan)s
ON CONFLICT (site, person_id, kind, target, field) DO UPDATE
SET value = excluded.value, plan = excluded.plan, undone_at = excluded.undone_at
WHERE undone.plan <> excluded.plan
