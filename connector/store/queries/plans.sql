-- name: drop_unfinished
-- Plans whose making was interrupted: nobody has seen them.
DELETE FROM connector.plan WHERE site = %(site)s AND status = 'making'

-- name: drop_forgotten
-- Plans whose place newer ones took a week ago, and of which nothing was ever carried out.
DELETE FROM connector.plan p
WHERE p.site = %(site)s AND p.status = 'superseded' AND p.created_at < %(now)s - interval '7 days'
  AND NOT EXISTS (SELECT FROM connector.operation o WHERE o.plan = p.number)
  AND NOT EXISTS (SELECT FROM connector.run r WHERE r.plan = p.number)

-- name: begin
-- A new plan, still empty.
INSERT INTO connector.plan (site, source, feed_id, basis, created_at)
VALUES (%(site)s, %(source)s, %(feed_id)s, %(basis)s, %(now)s)
RETURNING number

-- name: account_pairs
-- People who have no account yet, or whose account differs from what HR says, in the order of their keys.
SELECT p.person_id, p.key, s.status, p.wanted, p.initial, p.unique_username, p.line,
       p.earlier_keys, b.account_id, b.suspended_by_us, a.fields AS known
FROM connector.person p
CROSS JOIN LATERAL (
    SELECT connector.employment_status(p, %(now)s, %(ahead)s) AS status
) s
LEFT JOIN connector.binding b ON b.site = %(site)s AND b.person_id = p.person_id
LEFT JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
WHERE p.source = %(source)s
  AND CASE
      WHEN b.account_id IS NULL THEN s.status IN ('joining', 'active')
      ELSE a.suspended <> (s.status <> 'active')
           OR (s.status IN ('joining', 'active') AND NOT a.fields @> p.wanted
               AND NOT connector.same_account(a.fields, p.wanted))
  END
ORDER BY p.key

-- name: shared_emails
-- E-mail addresses that stand at more than one person who works here.
SELECT lower(p.wanted ->> 'email') AS email, array_agg(p.key ORDER BY p.key) AS keys
FROM connector.person p
WHERE p.source = %(source)s AND p.wanted ->> 'email' <> ''
  AND connector.employment_status(p, %(now)s, %(ahead)s) <> 'left'
GROUP BY lower(p.wanted ->> 'email')
HAVING count(*) > 1

-- name: holders
-- Who has these accounts, and which identifiers those people are to have from now on.
SELECT b.account_id, b.person_id, b.suspended_by_us, p.key, p.wanted ->> 'username' AS username, p.wanted ->> 'email' AS email,
       connector.employment_status(p, %(now)s, %(ahead)s) AS status
FROM connector.binding b
JOIN connector.person p ON p.person_id = b.person_id
WHERE b.site = %(site)s AND b.account_id = ANY(%(account_ids)s)

-- name: end_grants_in_moodle
-- What was granted in Moodle went with the account; requirements are ours and stay.
UPDATE connector.ledger SET ended_at = %(now)s
WHERE site = %(site)s AND person_id = ANY(%(person_ids)s) AND ended_at IS NULL AND kind <> 'assignment'

-- name: unbind
-- These people have no account any more.
DELETE FROM connector.binding WHERE site = %(site)s AND person_id = ANY(%(person_ids)s)

-- name: usernames_like
-- Usernames that were ever given: this one, and with a number behind (":" follows "9"). By a range, which an index finds.
SELECT username, person_id FROM connector.reserved_username
WHERE site = %(site)s AND username >= %(base)s AND username < %(base)s || ':'

-- name: reserve_username
-- From now on this username belongs to one person: for ever where a rule made it, and where HR says it itself
-- until HR gives it to another and the first a new one.
INSERT INTO connector.reserved_username (site, username, person_id)
VALUES (%(site)s, %(username)s, %(person_id)s)
ON CONFLICT (site, username) DO UPDATE SET person_id = excluded.person_id
    WHERE reserved_username.person_id = excluded.person_id
       OR NOT %(suffixed)s AND EXISTS (
           SELECT FROM connector.person p
           WHERE p.person_id = reserved_username.person_id AND lower(p.wanted ->> 'username') <> excluded.username)
RETURNING username

-- name: manager_pairs
-- People whose manager is another one than we hold. A person who is their own manager has none.
SELECT p.person_id, p.key, COALESCE(o.key, '') AS was, COALESCE(m.key, '') AS becomes, p.line
FROM connector.person p
LEFT JOIN connector.person o ON o.person_id = p.manager_id
LEFT JOIN connector.person m ON m.source = p.source AND m.key = p.manager_key AND m.person_id <> p.person_id
WHERE p.source = %(source)s AND p.manager_id IS DISTINCT FROM m.person_id
  AND (m.person_id IS NOT NULL OR p.manager_key IN ('', p.key))
ORDER BY p.key

-- name: manager_cycles
-- People who would be above themselves.
WITH RECURSIVE up (person_id, above) AS (
    SELECT p.person_id, m.person_id
    FROM connector.person p
    JOIN connector.person m ON m.source = p.source AND m.key = p.manager_key AND m.person_id <> p.person_id
    WHERE p.source = %(source)s AND p.manager_id IS DISTINCT FROM m.person_id
    UNION
    SELECT up.person_id, m.person_id
    FROM up
    JOIN connector.person p ON p.person_id = up.above
    JOIN connector.person m ON m.source = p.source AND m.key = p.manager_key AND m.person_id <> p.person_id
    WHERE up.above <> up.person_id
)
SELECT p.key FROM up JOIN connector.person p ON p.person_id = up.person_id WHERE up.above = up.person_id ORDER BY p.key

-- name: wanted_cohorts
-- Cohorts that rules give to somebody: a feed that was refused has left sets that are nobody's.
SELECT DISTINCT ON (g.target) g.target, COALESCE(g.terms ->> 'name', g.target) AS name
FROM connector.grant_set g
WHERE g.kind = 'cohort' AND g.source = %(source)s
  AND EXISTS (SELECT FROM connector.person p WHERE p.source = g.source AND p.grant_set = g.digest)
ORDER BY g.target, g.terms ->> 'name'

-- name: compare_grants
-- Pairs of what rules give and what the ledger holds, where they differ for people of one source.
INSERT INTO connector.differing_grant (plan, person_id, key, status, account_id, kind, target, level, ref, wanted, granted,
                                       place_id, ours, suspended, timezone, rule, earlier)
WITH people AS MATERIALIZED (  -- where somebody stands is decided once, not for each grant
    SELECT p.person_id, p.key, p.timezone, b.account_id,
           connector.employment_status(p, %(now)s, %(ahead)s) AS status
    FROM connector.person p
    LEFT JOIN connector.binding b ON b.site = %(site)s AND b.person_id = p.person_id
    WHERE p.source = %(source)s
), pairs AS (
    SELECT COALESCE(w.person_id, l.person_id) AS person_id, COALESCE(w.kind, l.kind) AS kind,
           COALESCE(w.target, l.target) AS target, w.level, w.ref, w.terms AS wanted, l.terms AS granted, l.place_id,
           l.ours, l.suspended, w.rule
    FROM connector.wanted_grant w
    FULL JOIN (
        SELECT * FROM connector.ledger WHERE ledger.site = %(site)s AND ended_at IS NULL
    ) l ON l.person_id = w.person_id AND l.kind = w.kind AND l.target = w.target
)
SELECT %(plan)s, p.person_id, p.key, p.status, p.account_id, d.kind, d.target, d.level, d.ref, d.wanted, d.granted,
       d.place_id, COALESCE(d.ours, true), COALESCE(d.suspended, false), p.timezone, COALESCE(d.rule, ''), CASE
           WHEN d.granted IS NULL AND d.kind = 'assignment' THEN (
               SELECT l.terms ->> 'granted_on' FROM connector.ledger l
               WHERE l.person_id = d.person_id AND l.kind = d.kind AND l.target = d.target
                 AND l.ended_at > %(now)s - interval '30 days'
               ORDER BY l.ended_at DESC LIMIT 1)
       END
FROM pairs d
JOIN people p USING (person_id)
WHERE CASE
    WHEN d.granted IS NULL THEN p.status IN ('joining', 'active')
    WHEN d.wanted IS NULL OR p.status = 'left' THEN NOT (d.kind = 'enrolment' AND d.suspended)
    ELSE p.status IN ('joining', 'active') AND d.ours AND d.kind IN ('enrolment', 'assignment')
         AND (d.suspended
              OR d.granted - ARRAY['granted_on', 'timezone', 'starts_on', 'ends_on', 'due_on'] <> d.wanted)
END

-- name: differing_targets
-- What differing roles and enrolments refer to; what is only taken away is known by Moodle's id already.
SELECT kind, target, bool_or(place_id IS NULL OR wanted IS NOT NULL AND status <> 'left') AS named,
       bool_or(granted IS NULL AND (account_id IS NOT NULL OR person_id IN (
           SELECT c.person_id FROM connector.change c WHERE c.plan = %(plan)s AND c.action = 'adopt_account'
       ))) AS new
FROM connector.differing_grant
WHERE plan = %(plan)s AND kind IN ('role', 'enrolment')
GROUP BY kind, target
ORDER BY kind, target

-- name: accounts_to_enrol
-- Accounts that get something in a course and were there before this plan, which may bind them just now.
SELECT account_id FROM connector.differing_grant
WHERE plan = %(plan)s AND level = 'course' AND granted IS NULL AND account_id IS NOT NULL
UNION
SELECT (after ->> 'account')::bigint FROM connector.change WHERE plan = %(plan)s AND action = 'adopt_account'
ORDER BY account_id

-- name: grant_pairs
-- Grants that differ, of people who have an account or get one by this plan; requirements of everybody.
-- One course may have two names: what is ours under one of them is not somebody else's under the other, and it is
-- not taken away while the other is wanted. Of a role's target the name of its place comes last, behind a colon.
WITH new AS MATERIALIZED (
    SELECT c.person_id, (c.after ->> 'account')::bigint AS account_id FROM connector.change c
    WHERE c.plan = %(plan)s AND c.action IN ('create_account', 'adopt_account')
), present AS MATERIALIZED (
    SELECT DISTINCT account_id, kind, target FROM connector.present_grant WHERE plan = %(plan)s
)
SELECT d.person_id, d.key, d.status, d.kind, d.target, d.wanted, d.granted, d.ours, d.suspended, d.timezone, d.rule,
       d.earlier, d.place_id,
       e.account_id IS NOT NULL AND NOT EXISTS (
           SELECT FROM connector.grant_in_doubt i
           WHERE i.site = %(site)s AND i.person_id = d.person_id AND i.target = d.target
             AND i.action = CASE d.kind WHEN 'role' THEN 'assign_role' ELSE 'enrol' END
       ) AND NOT EXISTS (
           SELECT FROM connector.reference r
           JOIN connector.ledger l ON l.site = r.site AND l.place_id = r.moodle_id
           WHERE r.site = %(site)s AND r.kind = d.level AND r.ref = d.ref
             AND l.kind = d.kind AND l.ended_at IS NULL AND l.ours
             AND (l.kind <> 'role' OR split_part(l.target, ':', 1) = split_part(d.target, ':', 1))
             AND l.person_id IN (  -- of who had the account until now too: a rehired person takes it over
                 SELECT d.person_id UNION ALL
                 SELECT b.person_id FROM connector.binding b WHERE b.site = %(site)s AND b.account_id = n.account_id)
       ) AS present,
       d.wanted IS NULL AND d.status IN ('joining', 'active') AND EXISTS (
           SELECT FROM connector.wanted_grant w
           LEFT JOIN connector.ledger l ON l.site = %(site)s AND l.person_id = w.person_id AND l.kind = w.kind
                AND l.target = w.target AND l.ended_at IS NULL
           LEFT JOIN connector.reference r ON r.site = %(site)s AND r.kind = w.level AND r.ref = w.ref
           WHERE w.person_id = d.person_id AND w.kind = d.kind AND COALESCE(l.place_id, r.moodle_id) = d.place_id
             AND (w.kind <> 'role' OR split_part(w.target, ':', 1) = split_part(d.target, ':', 1))
       ) AS elsewhere
FROM connector.differing_grant d
LEFT JOIN new n ON n.person_id = d.person_id
LEFT JOIN present e
       ON e.kind = d.kind AND e.target = d.target AND e.account_id = COALESCE(d.account_id, n.account_id)
      AND d.granted IS NULL
WHERE d.plan = %(plan)s AND (d.kind = 'assignment' OR d.account_id IS NOT NULL OR n.person_id IS NOT NULL)

-- name: drop_present
-- What is of use only while a plan is made: of this one, and of those whose making was interrupted.
DELETE FROM connector.present_grant
WHERE plan = %(plan)s OR plan NOT IN (SELECT number FROM connector.plan WHERE status = 'making')

-- name: drop_differing
-- The same for what was found to differ.
DELETE FROM connector.differing_grant
WHERE plan = %(plan)s OR plan NOT IN (SELECT number FROM connector.plan WHERE status = 'making')

-- name: take_doubled_adoptions
-- Changes of people who would all be bound to one account: a person must say whose it is.
WITH claims AS (
    SELECT person_id, subject, (after ->> 'account')::bigint AS account_id FROM connector.change
    WHERE plan = %(plan)s AND action = 'adopt_account'
), doubled AS (
    SELECT * FROM claims WHERE account_id IN (SELECT account_id FROM claims GROUP BY account_id HAVING count(*) > 1)
), taken AS (
    DELETE FROM connector.change c USING doubled d WHERE c.plan = %(plan)s AND c.person_id = d.person_id
)
SELECT account_id, array_agg(subject ORDER BY subject) AS keys FROM doubled GROUP BY account_id ORDER BY account_id

-- name: protected_people
-- People whose account has one of these usernames.
SELECT p.key FROM connector.binding b
JOIN connector.person p USING (person_id)
JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
WHERE b.site = %(site)s AND p.source = %(source)s AND lower(a.fields ->> 'username') = ANY(%(usernames)s)

-- name: take_colliding_identities
-- Changes of people whose present username or e-mail another person takes over in the same plan.
DELETE FROM connector.change h
WHERE h.plan = %(plan)s AND h.action = 'change_identity' AND h.person_id IN (
    SELECT h.person_id FROM connector.change h
    JOIN connector.change t ON lower(t.after ->> 'email') = lower(h.before ->> 'email')
    WHERE h.plan = %(plan)s AND t.plan = %(plan)s AND h.action = 'change_identity' AND t.action = 'change_identity'
      AND t.person_id <> h.person_id
    UNION
    SELECT h.person_id FROM connector.change h
    JOIN connector.change t ON lower(t.after ->> 'username') = lower(h.before ->> 'username')
    WHERE h.plan = %(plan)s AND t.plan = %(plan)s AND h.action = 'change_identity' AND t.action = 'change_identity'
      AND t.person_id <> h.person_id
)
RETURNING action, subject, target, person_id, before, after, reason, kind

-- name: put_in_order
-- The order in which changes are carried out; it does not depend on the order of the feed.
UPDATE connector.change c SET ordinal = o.ordinal
FROM (
    SELECT ctid, row_number() OVER (ORDER BY phase, action, target, subject) AS ordinal
    FROM connector.change WHERE plan = %(plan)s
) o
WHERE c.ctid = o.ctid

-- name: digests
-- The changes of a plan, or of one guard class of it, as digests in order.
SELECT digest FROM connector.change
WHERE plan = %(plan)s AND (%(guard_class)s::text IS NULL OR guard_class = %(guard_class)s)
ORDER BY ordinal

-- name: counts
-- Changes by action and guard class.
SELECT action, guard_class, count(*) AS count FROM connector.change WHERE plan = %(plan)s GROUP BY action, guard_class

-- name: base
-- What the guard's percentages are of.
SELECT (SELECT count(*) FROM connector.binding b JOIN connector.person p USING (person_id)
        WHERE b.site = %(site)s AND p.source = %(source)s) AS people,
       count(*) FILTER (WHERE l.kind = 'role') AS roles,
       count(*) FILTER (WHERE l.kind IN ('cohort', 'enrolment') AND NOT l.suspended) AS grants,
       NOT EXISTS (
           SELECT FROM connector.run r JOIN connector.plan q ON q.number = r.plan
           WHERE r.kind = 'apply' AND r.status = 'done' AND q.site = %(site)s AND q.source = %(source)s
       ) AS first_load
FROM connector.ledger l
JOIN connector.person p USING (person_id)
WHERE l.site = %(site)s AND p.source = %(source)s AND l.ended_at IS NULL AND l.ours

-- name: spent
-- What was carried out in the last day and week by guard class, but for what a person approved, and but for whom the
-- first load created, which has no limit.
SELECT c.guard_class, count(*) FILTER (WHERE o.finished_at > %(now)s - interval '24 hours') AS day, count(*) AS week
FROM connector.plan p
JOIN connector.change c ON c.plan = p.number AND c.guard_class IS NOT NULL
JOIN connector.operation o ON o.plan = c.plan AND o.ordinal = c.ordinal AND o.state = 'done'
WHERE p.site = %(site)s AND p.source = %(source)s
  AND p.number IN (SELECT r.plan FROM connector.run r
                   WHERE r.site = %(site)s AND COALESCE(r.finished_at, %(now)s) > %(now)s - interval '7 days')
  AND o.finished_at > %(now)s - interval '7 days'
  AND NOT EXISTS (SELECT FROM connector.hold h
                  WHERE h.plan = p.number AND h.guard_class = c.guard_class AND h.state = 'approved')
  AND (c.guard_class <> 'create' OR p.number > (
      SELECT min(q.number) FROM connector.plan q JOIN connector.run r ON r.plan = q.number
      WHERE q.site = %(site)s AND q.source = %(source)s AND r.status = 'done'))
GROUP BY c.guard_class

-- name: approval
-- A decision on the same changes that is still valid, made for an earlier plan and not used up by it.
SELECT h.state, h.decided_by, h.decided_at, h.expires_at FROM connector.hold h
JOIN connector.plan p ON p.number = h.plan
WHERE p.site = %(site)s AND p.source = %(source)s AND h.guard_class = %(guard_class)s AND h.digest = %(digest)s
  AND h.state IN ('approved', 'rejected') AND NOT EXISTS (
      SELECT FROM connector.operation o JOIN connector.change c ON c.plan = o.plan AND c.ordinal = o.ordinal
      WHERE o.plan = h.plan AND c.guard_class = h.guard_class AND o.state = 'done')
  AND (h.expires_at IS NULL OR h.expires_at > %(now)s)
ORDER BY h.decided_at DESC
LIMIT 1

-- name: add_hold
-- A class of changes that waits.
INSERT INTO connector.hold (plan, guard_class, count, "limit", "window", spent, digest,
                            state, decided_by, decided_at, expires_at)
VALUES (%(plan)s, %(guard_class)s, %(count)s, %(limit)s, %(window)s, %(spent)s, %(digest)s,
        %(state)s, %(decided_by)s, %(decided_at)s, %(expires_at)s)

-- name: seal
-- The plan is made; from here on nothing in it is altered.
UPDATE connector.plan SET status = 'planned', hash = %(hash)s, counts = %(counts)s WHERE number = %(plan)s

-- name: supersede
-- Older plans of the same source that were not carried out to the end. One that takes a run back waits on while it is
-- made from what is true, so that there is time to approve it.
UPDATE connector.plan p SET status = 'superseded'
FROM connector.plan n
WHERE n.number = %(plan)s AND p.site = %(site)s AND p.source = %(source)s AND p.number < n.number
  AND p.status IN ('planned', 'applying')
  AND (p.undoes IS NULL OR n.undoes IS NOT NULL OR p.status <> 'planned' OR p.basis <> n.basis)

-- name: supersede_holds
-- Nobody needs to decide on them any more.
UPDATE connector.hold h SET state = 'superseded'
FROM connector.plan p
WHERE p.number = h.plan AND p.site = %(site)s AND p.source = %(source)s AND h.plan < %(plan)s AND h.state = 'waiting'
  AND NOT (p.undoes IS NOT NULL AND p.status = 'planned')

-- name: by_number
-- The head of one plan.
SELECT number, hash, source, feed_id, basis, created_at, counts, status, undoes FROM connector.plan WHERE number = %(plan)s

-- name: find
-- A plan by the beginning of its hash, or the newest one.
SELECT number, hash, source, feed_id, basis, created_at, counts, status, undoes FROM connector.plan
WHERE site = %(site)s AND status <> 'making' AND (%(hash)s::text IS NULL OR starts_with(hash, %(hash)s))
ORDER BY number DESC
LIMIT 2

-- name: holds
-- The holds of a plan.
SELECT h.guard_class, h.count, h."limit", h."window", h.spent, h.digest, h.state, p.hash AS plan_hash, h.decided_by, h.expires_at
FROM connector.hold h JOIN connector.plan p ON p.number = h.plan
WHERE h.plan = %(plan)s
ORDER BY h.guard_class

-- name: waiting_holds
-- Every hold whose changes have not all been carried out.
SELECT h.guard_class, h.count, h."limit", h."window", h.spent, h.digest, h.state, p.hash AS plan_hash, h.decided_by, h.expires_at
FROM connector.hold h JOIN connector.plan p ON p.number = h.plan
WHERE p.site = %(site)s AND p.status <> 'superseded' AND h.state IN ('waiting', 'approved', 'rejected')
  AND EXISTS (SELECT FROM connector.change c LEFT JOIN connector.operation o USING (plan, ordinal)
              WHERE c.plan = h.plan AND c.guard_class = h.guard_class
                AND COALESCE(o.state, 'waiting') IN ('sent', 'waiting'))
ORDER BY h.plan, h.guard_class

-- name: decide_hold
-- A person's word on a class of a plan that is not carried out yet.
UPDATE connector.hold h SET state = %(state)s, decided_by = %(by)s, decided_at = %(now)s, expires_at = %(expires_at)s
FROM connector.plan p
WHERE p.number = h.plan AND p.site = %(site)s AND p.status <> 'superseded' AND starts_with(p.hash, %(hash)s)
  AND (%(guard_class)s::text IS NULL OR h.guard_class = %(guard_class)s) AND h.state <> 'superseded'
  AND EXISTS (SELECT FROM connector.change c LEFT JOIN connector.operation o USING (plan, ordinal)
              WHERE c.plan = h.plan AND c.guard_class = h.guard_class
                AND COALESCE(o.state, 'waiting') IN ('sent', 'waiting'))
RETURNING h.guard_class

-- name: changes
-- The changes of a plan in order, from one on.
SELECT ordinal, action, subject, target, person_id, before, after, reason, kind FROM connector.change
WHERE plan = %(plan)s AND ordinal > %(after)s AND (%(subject)s::text IS NULL OR subject = %(subject)s)
ORDER BY ordinal
LIMIT %(limit)s

-- name: state
-- What a plan is made from, besides its feed: the last run of another plan or of nobody's that did or does anything, and
-- the cases.
SELECT COALESCE((SELECT r.run_id FROM connector.run r
                 WHERE r.site = %(site)s AND r.kind = 'apply' AND r.plan IS DISTINCT FROM %(plan)s::bigint
                   AND (r.plan IS NULL OR r.status = 'running' OR EXISTS (
                       SELECT FROM connector.operation o
                       WHERE o.plan = r.plan AND o.run_id = r.run_id AND o.state IN ('sent', 'done')))
                 ORDER BY r.run_id DESC LIMIT 1), 0) AS run_id,
       (SELECT count(*) + count(withdrawn_at) FROM connector."case"
        WHERE site = %(site)s AND settled_at IS NOT NULL AND settled_by <> '') AS settled

-- name: remember_reference
-- Moodle's id of something that mappings name.
INSERT INTO connector.reference (site, kind, ref, moodle_id, seen_at)
VALUES (%(site)s, %(kind)s, %(ref)s, %(moodle_id)s, %(now)s)
ON CONFLICT (site, kind, ref) DO UPDATE SET moodle_id = excluded.moodle_id, seen_at = excluded.seen_at

-- name: references
-- All ids that are known.
SELECT kind, ref, moodle_id FROM connector.reference WHERE site = %(site)s
