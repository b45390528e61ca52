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
INSERT INTO connector.plan (site, people, feed_id, basis, created_at)
VALUES (%(site)s, %(people)s, %(feed_id)s, %(basis)s, %(now)s)
RETURNING number

-- name: ids
-- The people with these keys.
SELECT person_id FROM connector.person WHERE site = %(site)s AND key = ANY(%(keys)s)

-- name: chain
-- These people and all managers above them, as HR says.
WITH RECURSIVE up (key, manager_key) AS (
    SELECT p.key, p.manager_key FROM connector.person p WHERE p.site = %(site)s AND p.key = ANY(%(keys)s)
    UNION
    SELECT m.key, m.manager_key FROM up
    JOIN connector.person m ON m.site = %(site)s AND connector.folded(m.key) = connector.folded(up.manager_key)
)
SELECT key FROM up ORDER BY key

-- name: account_pairs
-- People who have no account yet, or whose account differs from what HR says, in the order of their keys.
SELECT p.person_id, p.key, s.status, p.wanted, p.initial, p.unique_username, p.line,
       p.earlier_keys, b.account_id, b.suspended_by_us, a.fields AS known,
       COALESCE(p.attributes ->> 'birth_date', p.wanted #>> '{profile,birth_date}', p.initial #>> '{profile,birth_date}',
                '') AS birth_date,
       CASE WHEN a.fields ->> 'username' = 'moved-' || p.person_id
                 OR a.fields ->> 'email' = 'moved-' || p.person_id || '@moved.invalid' THEN (
           SELECT c.before FROM connector.change c
           JOIN connector.operation o ON o.plan = c.plan AND o.ordinal = c.ordinal AND o.state = 'done'
           WHERE c.person_id = p.person_id AND c.action = 'release_identity'
           ORDER BY c.plan DESC LIMIT 1)
       END AS released
FROM connector.person p
CROSS JOIN LATERAL (
    SELECT connector.employment_status(p, %(now)s, %(ahead)s) AS status
) s
LEFT JOIN connector.binding b ON b.site = %(site)s AND b.person_id = p.person_id
LEFT JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
WHERE p.site = %(site)s AND (%(ids)s::bigint[] IS NULL OR p.person_id = ANY(%(ids)s))
  AND NOT connector.handing_over(p)
  AND CASE
      WHEN b.account_id IS NULL THEN s.status IN ('joining', 'active')
      ELSE a.suspended <> (s.status <> 'active')
           OR (s.status IN ('joining', 'active') AND NOT a.fields @> p.wanted
               AND NOT connector.same_account(a.fields, p.wanted))
  END
ORDER BY p.key

-- name: shared_emails
-- E-mail addresses that stand at more than one person who works here; of those that a plan is about, where it is of some.
SELECT lower(p.wanted ->> 'email') AS email, array_agg(p.key ORDER BY p.key) AS keys
FROM connector.person p
WHERE p.site = %(site)s AND p.wanted ->> 'email' <> ''
  AND (%(ids)s::bigint[] IS NULL OR lower(p.wanted ->> 'email') = ANY(ARRAY(  -- an array, which the index takes
      SELECT lower(o.wanted ->> 'email') FROM connector.person o WHERE o.person_id = ANY(%(ids)s))))
  AND connector.employment_status(p, %(now)s, %(ahead)s) <> 'left'
GROUP BY lower(p.wanted ->> 'email')
HAVING count(*) > 1

-- name: shared_keys
-- Idnumbers and earlier keys that would give one account to several people at work who have none; of those that a plan is
-- about, where it is of some.
WITH claimed AS (
    SELECT p.key, connector.folded(c.key) AS claimed
    FROM connector.person p
    CROSS JOIN LATERAL unnest(array_append(p.earlier_keys, COALESCE(p.wanted ->> 'idnumber', p.initial ->> 'idnumber'))) AS c (key)
    WHERE p.site = %(site)s AND c.key <> ''
      AND (%(ids)s::bigint[] IS NULL OR p.earlier_keys IS NOT NULL
           OR connector.folded(COALESCE(p.wanted ->> 'idnumber', p.initial ->> 'idnumber')) = ANY(ARRAY(
               SELECT connector.folded(k.key) FROM connector.person o
               CROSS JOIN LATERAL unnest(array_append(o.earlier_keys, COALESCE(o.wanted ->> 'idnumber', o.initial ->> 'idnumber'))) AS k (key)
               WHERE o.person_id = ANY(%(ids)s))))
      AND NOT EXISTS (SELECT FROM connector.binding b WHERE b.site = p.site AND b.person_id = p.person_id)
      AND connector.employment_status(p, %(now)s, %(ahead)s) IN ('joining', 'active')
)
SELECT claimed, array_agg(DISTINCT key ORDER BY key) AS keys FROM claimed GROUP BY claimed HAVING count(DISTINCT key) > 1

-- name: holders
-- Who has these accounts, and which identifiers those people are to have from now on.
SELECT b.account_id, b.person_id, b.suspended_by_us, p.key, p.formerly, p.wanted ->> 'username' AS username, p.wanted ->> 'email' AS email,
       connector.employment_status(p, %(now)s, %(ahead)s) AS status
FROM connector.binding b
JOIN connector.person p ON p.person_id = b.person_id
WHERE b.site = %(site)s AND b.account_id = ANY(%(account_ids)s)

-- name: administrators
-- Of these accounts those that Moodle refused to change because an administrator has them.
SELECT account_id FROM connector.administrator WHERE site = %(site)s AND account_id = ANY(%(account_ids)s)

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
-- People whose manager is another one than we hold. A person who is their own manager has none. Where two people's keys
-- differ in case alone, the one is meant that is spelt alike.
SELECT p.person_id, p.key, COALESCE(o.key, '') AS was, COALESCE(m.key, '') AS becomes, p.line
FROM connector.person p
LEFT JOIN connector.person o ON o.person_id = p.manager_id
LEFT JOIN connector.person m ON m.site = p.site AND connector.folded(m.key) = connector.folded(p.manager_key)
     AND m.person_id <> p.person_id AND (m.key = p.manager_key OR NOT EXISTS (
         SELECT FROM connector.person e WHERE e.site = p.site AND e.key = p.manager_key))
WHERE p.site = %(site)s AND (%(ids)s::bigint[] IS NULL OR p.person_id = ANY(%(ids)s))
  AND p.manager_id IS DISTINCT FROM m.person_id AND (m.person_id IS NOT NULL OR p.manager_key = '' OR connector.folded(p.manager_key) = connector.folded(p.key))
ORDER BY p.key

-- name: manager_cycles
-- People who would be above themselves.
WITH RECURSIVE up (person_id, above) AS (
    SELECT p.person_id, m.person_id
    FROM connector.person p
    JOIN connector.person m ON m.site = p.site AND connector.folded(m.key) = connector.folded(p.manager_key)
         AND m.person_id <> p.person_id
    WHERE p.site = %(site)s AND (%(ids)s::bigint[] IS NULL OR p.person_id = ANY(%(ids)s))
      AND p.manager_id IS DISTINCT FROM m.person_id
    UNION
    SELECT up.person_id, m.person_id
    FROM up
    JOIN connector.person p ON p.person_id = up.above
    JOIN connector.person m ON m.site = p.site AND connector.folded(m.key) = connector.folded(p.manager_key)
         AND m.person_id <> p.person_id
    WHERE up.above <> up.person_id
)
SELECT p.key FROM up JOIN connector.person p ON p.person_id = up.person_id WHERE up.above = up.person_id ORDER BY p.key

-- name: wanted_cohorts
-- Cohorts that rules give to somebody, or that people assigned: a feed that was refused has left sets that are nobody's.
SELECT DISTINCT ON (c.target) c.target, COALESCE(c.terms ->> 'name', c.target) AS name
FROM (
    SELECT g.target, g.terms FROM connector.grant_set g
    WHERE g.kind = 'cohort' AND g.site = %(site)s AND EXISTS (
        SELECT FROM connector.person p
        WHERE p.site = g.site AND p.grant_set = g.digest AND (%(ids)s::bigint[] IS NULL OR p.person_id = ANY(%(ids)s)))
    UNION ALL
    SELECT a.target, a.terms FROM connector.assigned_grant a
    JOIN connector.person p USING (person_id)
    WHERE a.kind = 'cohort' AND p.site = %(site)s AND (%(ids)s::bigint[] IS NULL OR p.person_id = ANY(%(ids)s))
) c
ORDER BY c.target, c.terms ->> 'name'

-- name: unsettled
-- People of whom something may differ: all but those at work who hold just what the rules give, term for term. A hash of
-- each grant is added up by person, because joining grants one by one takes several times as long.
WITH people AS MATERIALIZED (
    SELECT p.person_id, p.grant_set FROM connector.person p
    WHERE p.site = %(site)s AND NOT connector.handing_over(p)
      AND connector.employment_status(p, %(now)s, %(ahead)s) IN ('joining', 'active')
      AND NOT EXISTS (SELECT FROM connector.leave v WHERE v.person_id = p.person_id)
      AND NOT EXISTS (SELECT FROM connector.decision d WHERE d.person_id = p.person_id AND d.in_force)
      AND p.person_id NOT IN (  -- grants go with an account to whom this plan binds it
          SELECT c.person_id FROM connector.change c WHERE c.plan = %(plan)s AND c.action = 'adopt_account'
          UNION
          SELECT b.person_id FROM connector.change c
          JOIN connector.binding b ON b.site = %(site)s AND b.account_id = (c.after ->> 'account')::bigint
          WHERE c.plan = %(plan)s AND c.action = 'adopt_account')
), wanted AS MATERIALIZED (
    SELECT g.digest, count(*) AS grants, sum(hashtextextended(g.kind || ' ' || g.target, jsonb_hash_extended(g.terms, 0)))
        AS total
    FROM connector.grant_set g
    WHERE g.site = %(site)s AND g.digest IN (SELECT grant_set FROM people)
    GROUP BY g.digest
), held AS MATERIALIZED (
    SELECT l.person_id, count(*) AS grants, bool_or(l.suspended) AS suspended,
           sum(hashtextextended(l.kind || ' ' || l.target, jsonb_hash_extended(
               l.terms - ARRAY['granted_on', 'timezone', 'starts_on', 'ends_on', 'due_on', 'due_since', 'due_before_leave'], 0
           ))) AS total
    FROM connector.ledger l
    WHERE l.site = %(site)s AND l.ended_at IS NULL
    GROUP BY l.person_id
)
SELECT COALESCE(array_agg(p.person_id) FILTER (WHERE s.person_id IS NULL), '{}') AS unsettled, count(*) AS people
FROM connector.person p
LEFT JOIN (
    SELECT s.person_id
    FROM people s
    LEFT JOIN wanted w ON w.digest = s.grant_set
    LEFT JOIN held h ON h.person_id = s.person_id
    WHERE NOT COALESCE(h.suspended, false)
      AND (COALESCE(w.grants, 0), w.total) IS NOT DISTINCT FROM (COALESCE(h.grants, 0), h.total)
) s USING (person_id)
WHERE p.site = %(site)s

-- name: compare_grants
-- Pairs of what rules give and what the ledger holds, where they differ.
INSERT INTO connector.differing_grant (plan, person_id, key, status, account_id, kind, target, level, ref, wanted, granted,
                                       place_id, ours, suspended, timezone, rule, leaves, earlier)
WITH people AS MATERIALIZED (  -- where somebody stands is decided once, not for each grant
    SELECT p.person_id, p.key, p.timezone, b.account_id, v.days AS leaves,
           connector.handing_over(p) AS handing_over,
           COALESCE((%(now)s AT TIME ZONE p.timezone)::date - p.left_on, 0) AS days_gone,
           connector.employment_status(p, %(now)s, %(ahead)s) AS status
    FROM connector.person p
    LEFT JOIN connector.binding b ON b.site = %(site)s AND b.person_id = p.person_id
    LEFT JOIN connector.leave v ON v.person_id = p.person_id
    WHERE p.site = %(site)s AND (%(ids)s::bigint[] IS NULL OR p.person_id = ANY(%(ids)s))
), handed AS MATERIALIZED (  -- what goes with an account to whom this plan binds it
    SELECT b.person_id AS holder_id, c.person_id
    FROM connector.change c
    JOIN connector.binding b ON b.site = %(site)s AND b.account_id = (c.after ->> 'account')::bigint
         AND b.person_id <> c.person_id
    WHERE c.plan = %(plan)s AND c.action = 'adopt_account'
), pairs AS (
    SELECT COALESCE(w.person_id, l.person_id) AS person_id, COALESCE(w.kind, l.kind) AS kind,
           COALESCE(w.target, l.target) AS target, w.level, w.ref, w.terms AS wanted, l.terms AS granted, l.place_id,
           l.ours, l.suspended, w.rule
    FROM (
        SELECT * FROM connector.wanted_grant WHERE %(ids)s::bigint[] IS NULL OR person_id = ANY(%(ids)s)
    ) w
    FULL JOIN (
        SELECT COALESCE(h.person_id, g.person_id) AS person_id, g.kind, g.target, g.terms, g.place_id, g.ours, g.suspended
        FROM connector.ledger g
        LEFT JOIN handed h ON h.holder_id = g.person_id AND g.kind <> 'assignment'
        WHERE g.site = %(site)s AND g.ended_at IS NULL
          AND (%(ids)s::bigint[] IS NULL OR g.person_id = ANY(ARRAY(  -- an array, which the index takes
              SELECT unnest(%(ids)s::bigint[]) UNION SELECT holder_id FROM handed)))
    ) l ON l.person_id = w.person_id AND l.kind = w.kind AND l.target = w.target
)
SELECT %(plan)s, p.person_id, p.key, p.status, p.account_id, d.kind, d.target, d.level, d.ref, d.wanted, d.granted,
       d.place_id, COALESCE(d.ours, true), COALESCE(d.suspended, false), p.timezone, COALESCE(d.rule, (
           SELECT v.said FROM connector.waived v WHERE d.kind = 'assignment' AND v.person_id = d.person_id AND v.code = d.target
       ), ''), p.leaves, CASE
           WHEN d.granted IS NULL AND d.kind = 'assignment' THEN (
               SELECT l.terms ->> 'granted_on' FROM connector.ledger l
               WHERE l.kind = d.kind AND l.target = d.target AND l.person_id IN (
                     SELECT d.person_id UNION ALL
                     SELECT o.person_id FROM connector.person o WHERE o.site = %(site)s AND o.moved_to = p.key)
                 AND (l.ended_at IS NULL OR l.ended_at > %(now)s - interval '30 days')
                 AND NOT EXISTS (  -- a waiver that ran its course was no mistake: days count anew
                     SELECT FROM connector.decision v
                     WHERE v.person_id = d.person_id AND v.kind = 'waive' AND v.code = d.target
                       AND v.withdrawn_at IS NULL AND NOT v.in_force AND v.ends_on >= (l.ended_at AT TIME ZONE p.timezone)::date)
               ORDER BY l.ended_at DESC LIMIT 1)
       END
FROM pairs d
JOIN people p USING (person_id)
WHERE NOT (p.handing_over AND d.kind <> 'assignment') AND CASE
    WHEN d.granted IS NULL THEN p.status IN ('joining', 'active') AND (NOT d.wanted ? 'after' OR NOT EXISTS (
        SELECT FROM jsonb_array_elements_text(d.wanted -> 'after') AS need (ref)
        WHERE NOT EXISTS (
            SELECT FROM connector.completed_course c
            JOIN connector.reference r ON r.site = c.site AND r.kind = 'course' AND r.moodle_id = c.course_id
            WHERE c.site = %(site)s AND c.person_id = d.person_id AND r.ref = need.ref)))
    WHEN d.wanted IS NULL OR p.status = 'left' THEN NOT (d.kind = 'enrolment' AND d.suspended)
         AND (p.status <> 'left' OR p.days_gone >= CASE  -- of a leaver roles go at once, the rest in its time
             WHEN d.kind IN ('cohort', 'group') THEN COALESCE(%(archive)s::integer, %(grace)s)
             WHEN d.kind = 'enrolment' THEN %(grace)s
             ELSE 0 END)
         AND NOT (d.kind = 'group' AND (p.status <> 'left' OR %(archive)s::integer IS NULL) AND EXISTS (  -- it rests, or goes, with the enrolment that we take away
             SELECT FROM connector.course_group g
             JOIN connector.ledger e ON e.site = g.site AND e.place_id = g.course_id AND e.person_id = d.person_id
                  AND e.kind = 'enrolment' AND e.ended_at IS NULL AND e.ours
             WHERE g.site = %(site)s AND g.group_id = d.place_id AND (p.status NOT IN ('joining', 'active') OR NOT EXISTS (
                 SELECT FROM connector.wanted_grant w
                 LEFT JOIN connector.reference r ON r.site = g.site AND r.kind = 'course' AND r.ref = w.ref
                 WHERE w.person_id = d.person_id AND w.kind = 'enrolment'
                   AND (w.target = e.target OR r.moodle_id = g.course_id)))))
    WHEN d.kind IN ('enrolment', 'assignment') THEN p.status IN ('joining', 'active') AND d.ours AND (
        d.suspended
        OR d.granted - ARRAY['granted_on', 'timezone', 'starts_on', 'ends_on', 'due_on', 'due_since', 'due_before_leave']
           <> d.wanted
        OR d.kind = 'assignment' AND p.leaves IS NOT NULL)  -- which moves what is due
    ELSE p.status IN ('joining', 'active') AND d.ours AND (
        d.granted ? 'kept_until' OR d.granted -> 'overlap_days' IS DISTINCT FROM d.wanted -> 'overlap_days')
END

-- name: differing_targets
-- What differing grants refer to; what is only taken away is known by Moodle's id already.
SELECT kind, target, bool_or(place_id IS NULL OR wanted IS NOT NULL AND status <> 'left') AS named,
       bool_or(granted IS NULL AND (account_id IS NOT NULL OR person_id IN (
           SELECT c.person_id FROM connector.change c WHERE c.plan = %(plan)s AND c.action = 'adopt_account'
       ))) AS new
FROM connector.differing_grant
WHERE plan = %(plan)s AND kind <> 'assignment'
GROUP BY kind, target
ORDER BY kind, target

-- name: accounts_to_give
-- Accounts that get something in places of this level and were there before this plan, which may bind them just now.
SELECT account_id FROM connector.differing_grant
WHERE plan = %(plan)s AND level = %(level)s AND granted IS NULL AND account_id IS NOT NULL
UNION
SELECT (after ->> 'account')::bigint FROM connector.change WHERE plan = %(plan)s AND action = 'adopt_account'
ORDER BY account_id

-- name: grant_pairs
-- Grants that differ, of people who have an account or get one by this plan; requirements of everybody.
-- One course may have two names: what is ours under one of them is not somebody else's under the other, and it is
-- not taken away while the other is wanted; nor is a role in a course while an enrolment there is to have it. Of a role's target the name of its place comes last, behind a colon.
WITH new AS MATERIALIZED (
    SELECT c.person_id, (c.after ->> 'account')::bigint AS account_id FROM connector.change c
    WHERE c.plan = %(plan)s AND c.action IN ('create_account', 'adopt_account')
), present AS MATERIALIZED (
    SELECT account_id, kind, target, bool_or(active) AS active FROM connector.present_grant WHERE plan = %(plan)s
    GROUP BY account_id, kind, target
), enrolling AS MATERIALIZED (  -- cohorts of paths, with Moodle's ids of the courses in which it enrols their members
    SELECT s.cohort, r.moodle_id AS course_id
    FROM unnest(%(cohorts)s::text[], %(courses)s::text[]) AS s (cohort, course)
    JOIN connector.reference r ON r.site = %(site)s AND r.kind = 'course' AND r.ref = s.course
)
SELECT d.person_id, d.key, d.status, d.kind, d.target, d.wanted, d.granted, d.ours, d.suspended, d.timezone, d.rule,
       d.earlier, d.place_id, d.leaves,
       e.account_id IS NOT NULL AND NOT EXISTS (
           SELECT FROM connector.grant_in_doubt i
           JOIN connector.plan p ON p.number = d.plan  -- a write that Moodle makes late is ours
           WHERE i.site = %(site)s AND i.person_id = d.person_id AND i.target = d.target
             AND i.sent_at > p.created_at - interval '10 minutes'
             AND i.action = CASE d.kind WHEN 'role' THEN 'assign_role' WHEN 'group' THEN 'add_to_group'
                                  WHEN 'cohort' THEN 'add_to_cohort' ELSE 'enrol' END
       ) AND NOT EXISTS (
           SELECT FROM connector.reference r
           JOIN connector.ledger l ON l.site = r.site AND l.place_id = r.moodle_id
           WHERE r.site = %(site)s AND r.kind = d.level AND r.ref = d.ref
             AND l.kind = d.kind AND l.ended_at IS NULL AND l.ours
             AND (l.kind <> 'role' OR split_part(l.target, ':', 1) = split_part(d.target, ':', 1))
             AND l.person_id IN (  -- of who had the account until now too: a rehired person takes it over
                 SELECT d.person_id UNION ALL
                 SELECT b.person_id FROM connector.binding b WHERE b.site = %(site)s AND b.account_id = n.account_id)
       ) AND NOT (d.kind = 'role' AND EXISTS (  -- nor is the role of an enrolment of ours
           SELECT FROM connector.reference r
           JOIN connector.ledger l ON l.site = r.site AND l.place_id = r.moodle_id
           WHERE r.site = %(site)s AND r.kind = d.level AND r.ref = d.ref AND l.person_id = d.person_id
             AND l.kind = 'enrolment' AND l.ended_at IS NULL AND l.ours
             AND l.terms ->> 'role' || '@course' = split_part(d.target, ':', 1)
       )) AS present,
       d.wanted IS NULL AND d.status IN ('joining', 'active') AND EXISTS (
           SELECT FROM connector.wanted_grant w
           LEFT JOIN connector.ledger l ON l.site = %(site)s AND l.person_id = w.person_id AND l.kind = w.kind
                AND l.target = w.target AND l.ended_at IS NULL
           LEFT JOIN connector.reference r ON r.site = %(site)s AND r.kind = w.level AND r.ref = w.ref
           WHERE w.person_id = d.person_id AND w.kind = d.kind AND COALESCE(l.place_id, r.moodle_id) = d.place_id
             AND (w.kind <> 'role' OR split_part(w.target, ':', 1) = split_part(d.target, ':', 1))
       ) OR d.kind = 'role' AND d.wanted IS NULL AND d.status IN ('joining', 'active') AND EXISTS (
           -- an enrolment, there or given by this plan, is to have the role: without it nobody would be enrolled as anything
           SELECT FROM connector.wanted_grant w
           LEFT JOIN connector.ledger l ON l.site = %(site)s AND l.person_id = w.person_id AND l.kind = w.kind
                AND l.target = w.target AND l.ended_at IS NULL
           LEFT JOIN connector.reference r ON r.site = %(site)s AND r.kind = w.level AND r.ref = w.ref
           WHERE w.person_id = d.person_id AND w.kind = 'enrolment' AND COALESCE(l.place_id, r.moodle_id) = d.place_id
             AND w.terms ->> 'role' || '@course' = split_part(d.target, ':', 1)
             AND (l.person_id IS NOT NULL OR EXISTS (
                 SELECT FROM connector.differing_grant g
                 WHERE g.plan = d.plan AND g.person_id = w.person_id AND g.kind = w.kind AND g.target = w.target))
       ) AS elsewhere,
       COALESCE(NOT e.active, false) AS closed,
       d.kind = 'enrolment' AND d.granted IS NULL AND d.account_id IS NOT NULL AND EXISTS (
           -- a membership of ours enrols there, or did: what it gave and closed, or will close, is nobody else's
           SELECT FROM (
               SELECT l.target, l.terms ->> 'path' AS path FROM connector.ledger l
               WHERE l.site = %(site)s AND l.person_id = d.person_id AND l.kind = 'cohort' AND l.ours
                 AND (l.ended_at IS NULL OR e.active IS NOT TRUE)
               UNION ALL
               SELECT w.target, NULL FROM connector.wanted_grant w
               WHERE cardinality(%(cohorts)s::text[]) > 0 AND w.person_id = d.person_id AND w.kind = 'cohort'
           ) c
           WHERE c.path = d.wanted ->> 'path' OR EXISTS (
               SELECT FROM enrolling n JOIN connector.reference r ON r.moodle_id = n.course_id
               WHERE n.cohort = c.target AND r.site = %(site)s AND r.kind = d.level AND r.ref = d.ref)
       ) AS by_cohort
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
-- People whose account has one of these usernames, is an administrator's, or is lost: deleted, or another human's now.
SELECT p.key FROM connector.binding b
JOIN connector.person p USING (person_id)
JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
WHERE b.site = %(site)s AND (%(ids)s::bigint[] IS NULL OR p.person_id = ANY(%(ids)s))
  AND (lower(a.fields ->> 'username') = ANY(%(usernames)s) OR a.fields = '{}'
       OR a.account_id = ANY(ARRAY(SELECT d.account_id FROM connector.administrator d WHERE d.site = %(site)s)))

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

-- name: take_blocked_identities
-- Changes that give somebody the username or e-mail of a person who is to leave it, and does not by this plan.
WITH taking AS MATERIALIZED (
    SELECT c.person_id, c.subject, lower(c.after ->> 'email') AS email, lower(c.after ->> 'username') AS username
    FROM connector.change c WHERE c.plan = %(plan)s AND c.action IN ('change_identity', 'create_account')
), held AS (  -- by an index for each name: a plan of few people looks at few accounts
    SELECT t.person_id, t.subject, 'email' AS name, a.account_id, a.fields
    FROM taking t JOIN connector.account a ON a.site = %(site)s AND lower(a.fields ->> 'email') = t.email
    UNION ALL
    SELECT t.person_id, t.subject, 'username', a.account_id, a.fields
    FROM taking t JOIN connector.account a ON a.site = %(site)s AND lower(a.fields ->> 'username') = t.username
), blocked AS (
    SELECT DISTINCT h.person_id, h.subject, h.name
    FROM held h
    JOIN connector.binding b ON b.site = %(site)s AND b.account_id = h.account_id AND b.person_id <> h.person_id
    JOIN connector.person p ON p.person_id = b.person_id
    WHERE connector.employment_status(p, %(now)s, %(ahead)s) <> 'left'
      AND (lower(h.fields ->> 'email') <> lower(p.wanted ->> 'email')
           OR lower(h.fields ->> 'username') <> lower(p.wanted ->> 'username'))
      AND NOT EXISTS (SELECT FROM connector.change c WHERE c.plan = %(plan)s AND c.person_id = b.person_id
                      AND c.action = 'change_identity' AND c.after ? h.name)
), taken AS (
    DELETE FROM connector.change c USING blocked b
    WHERE c.plan = %(plan)s AND c.person_id = b.person_id AND c.action IN ('change_identity', 'create_account')
)
SELECT subject, name FROM blocked ORDER BY subject, name

-- name: spare_managers
-- Of people who are in a plan only because they manage others nothing is taken away by it.
DELETE FROM connector.change
WHERE plan = %(plan)s AND guard_class = ANY(%(destructive)s) AND person_id = ANY(%(above)s)

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
-- Changes by action and guard class; "halves" are those that are the first step of another one of the same person.
SELECT c.action, c.guard_class, count(*) AS count,
       count(*) FILTER (WHERE c.action = 'release_identity' AND EXISTS (
           SELECT FROM connector.change o
           WHERE o.plan = c.plan AND o.person_id = c.person_id AND o.action = 'change_identity')) AS halves
FROM connector.change c
WHERE c.plan = %(plan)s
GROUP BY c.action, c.guard_class

-- name: seal
-- The plan is made; from here on nothing in it is altered.
UPDATE connector.plan SET status = 'planned', hash = %(hash)s, counts = %(counts)s WHERE number = %(plan)s

-- name: supersede
-- Older plans that were not carried out to the end, of nobody whom the new one is not about. One that takes a run back
-- waits on while it is made from what is true, so that there is time to approve it.
UPDATE connector.plan p SET status = 'superseded'
FROM connector.plan n
WHERE n.number = %(plan)s AND p.site = %(site)s AND p.number < n.number AND p.status IN ('planned', 'applying')
  AND (%(people)s::text[] IS NULL OR p.people <@ %(people)s)
  AND (p.undoes IS NULL OR n.undoes IS NOT NULL OR p.status <> 'planned' OR p.basis <> n.basis)

-- name: by_number
-- The head of one plan.
SELECT number, hash, people, feed_id, basis, created_at, counts, status, undoes FROM connector.plan WHERE number = %(plan)s

-- name: find
-- A plan by the beginning of its hash, or the newest one of everybody.
SELECT number, hash, people, feed_id, basis, created_at, counts, status, undoes FROM connector.plan
WHERE site = %(site)s AND status <> 'making'
  AND CASE WHEN %(hash)s::text IS NULL THEN people IS NULL ELSE starts_with(hash, %(hash)s) END
ORDER BY number DESC
LIMIT 2

-- name: changes
-- The changes of a plan in order, from one on.
SELECT ordinal, action, subject, target, person_id, before, after, reason, kind FROM connector.change
WHERE plan = %(plan)s AND ordinal > %(after)s AND (%(subject)s::text IS NULL OR subject = %(subject)s)
ORDER BY ordinal
LIMIT %(limit)s

-- name: state
-- What a plan is made from, besides its feed: the last run of another plan or of nobody's that did or does anything, the
-- cases, and what people assigned and waived.
SELECT COALESCE((SELECT r.run_id FROM connector.run r
                 WHERE r.site = %(site)s AND r.kind = 'apply' AND r.plan IS DISTINCT FROM %(plan)s::bigint
                   AND (r.plan IS NULL OR r.status = 'running' OR EXISTS (
                       SELECT FROM connector.operation o
                       WHERE o.plan = r.plan AND o.run_id = r.run_id AND o.state IN ('sent', 'done')))
                 ORDER BY r.run_id DESC LIMIT 1), 0) AS run_id,
       (SELECT count(*) + count(withdrawn_at) FROM connector."case"
        WHERE site = %(site)s AND settled_at IS NOT NULL AND settled_by <> '') AS settled,
       (SELECT count(*) + count(withdrawn_at) FROM connector.decision d JOIN connector.person p USING (person_id)
        WHERE p.site = %(site)s) AS decided

-- name: references
-- All ids that are known.
SELECT kind, ref, moodle_id FROM connector.reference WHERE site = %(site)s

-- name: sign_in_methods
-- The ways to sign in that the mapping gave to people who work here.
SELECT DISTINCT COALESCE(p.wanted ->> 'auth', p.initial ->> 'auth', 'manual') AS auth
FROM connector.person p
WHERE p.site = %(site)s AND connector.employment_status(p, %(now)s, 0) <> 'left'
ORDER BY auth
