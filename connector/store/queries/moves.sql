-- name: note
-- Who is named under another key now: an earlier key that somebody declares who works here, where nobody says of both keys
-- at once that they work here. Both in one source, both with an account, two who declare the same, keys that declare each
-- other: that is left to a person, whose word (others, kept) comes first.
WITH RECURSIVE claim AS MATERIALIZED (
    SELECT o.person_id, o.key, n.key AS by_key, o.moved_to
    FROM connector.person n
    CROSS JOIN LATERAL unnest(n.earlier_keys) AS e (key)
    JOIN connector.person o ON o.site = n.site AND connector.folded(o.key) = connector.folded(e.key)
         AND o.person_id <> n.person_id
    CROSS JOIN LATERAL (SELECT connector.said_status(o, %(now)s, 0) = 'left' AS gone) g
    WHERE n.site = %(site)s AND n.earlier_keys IS NOT NULL
      AND connector.said_status(n, %(now)s, CASE WHEN g.gone THEN %(ahead)s ELSE 0 END) = ANY(
          CASE WHEN g.gone THEN ARRAY['joining', 'active'] ELSE ARRAY['active'] END)
      AND (g.gone OR o.absent_since IS NOT NULL
           OR EXISTS (SELECT FROM connector.statement t WHERE t.site = o.site) AND NOT EXISTS (
               SELECT FROM connector.statement t
               JOIN connector.statement u ON u.site = t.site AND u.source = t.source
               WHERE t.site = o.site AND t.key = o.key AND u.key = n.key AND t.source = ANY(%(authoritative)s)
                 AND t.absent_since IS NULL AND u.absent_since IS NULL))
      AND (g.gone OR NOT EXISTS (SELECT FROM connector.binding b
                                 WHERE b.site = n.site AND b.person_id = n.person_id)
           OR NOT EXISTS (SELECT FROM connector.binding b WHERE b.site = o.site AND b.person_id = o.person_id))
    UNION ALL  -- and back: who has left works here again under the key of before
    SELECT n.person_id, n.key, o.key, n.moved_to
    FROM connector.person n
    CROSS JOIN LATERAL unnest(n.earlier_keys) AS e (key)
    JOIN connector.person o ON o.site = n.site AND connector.folded(o.key) = connector.folded(e.key)
         AND o.person_id <> n.person_id
    JOIN connector.binding b ON b.site = n.site AND b.person_id = n.person_id
    WHERE n.site = %(site)s AND n.earlier_keys IS NOT NULL AND connector.said_status(n, %(now)s, 0) = 'left'
      AND connector.said_status(o, %(now)s, %(ahead)s) IN ('joining', 'active')
      AND NOT EXISTS (SELECT FROM connector.binding h WHERE h.site = o.site AND h.person_id = o.person_id)
), up (key, above) AS (
    SELECT key, by_key FROM claim
    UNION
    SELECT up.key, claim.by_key FROM up JOIN claim ON claim.key = up.above
), moved AS (
    SELECT person_id, CASE WHEN bool_or(by_key = moved_to) THEN min(moved_to) ELSE min(by_key) END AS by_key
    FROM claim
    WHERE key NOT IN (SELECT key FROM up WHERE key = above)
      AND key <> ALL(%(kept)s::text[]) AND key <> ALL(%(others)s::text[])
    GROUP BY person_id
    HAVING count(*) = 1 OR bool_or(by_key = moved_to)
    UNION ALL
    SELECT o.person_id, k.key
    FROM unnest(%(others)s::text[], %(kept)s::text[]) AS m (other, kept)
    JOIN connector.person o ON o.site = %(site)s AND o.key = m.other
    JOIN connector.person k ON k.site = o.site AND k.key = m.kept
), differing AS (
    SELECT p.person_id, m.by_key
    FROM connector.person p LEFT JOIN moved m USING (person_id)
    WHERE p.site = %(site)s AND p.moved_to IS NOT NULL AND p.moved_to IS DISTINCT FROM m.by_key
    UNION
    SELECT p.person_id, m.by_key
    FROM moved m JOIN connector.person p USING (person_id)
    WHERE p.moved_to IS DISTINCT FROM m.by_key
)
UPDATE connector.person p SET moved_to = d.by_key FROM differing d WHERE p.person_id = d.person_id

-- name: returned
-- Who had left, has an account, and is said to work here again: as they left and as they are now, with what a person said
-- of it since.
SELECT p.person_id, p.key, l.was -> 'wanted' AS was_wanted, l.was -> 'initial' AS was_initial,
       l.was -> 'attributes' AS was_attributes, p.wanted, p.initial, p.attributes, b.account_id,
       (SELECT c.settlement FROM connector."case" c
        WHERE c.site = p.site AND c.kind = 'another_human' AND c.subject = p.key AND c.settlement IS NOT NULL
          AND c.withdrawn_at IS NULL AND c.settled_at::date >= p.left_on
        ORDER BY c.settled_at DESC LIMIT 1) AS settlement
FROM connector.left_person l
JOIN connector.person p USING (person_id)
JOIN connector.binding b ON b.site = p.site AND b.person_id = p.person_id
WHERE p.site = %(site)s AND (%(ids)s::bigint[] IS NULL OR p.person_id = ANY(%(ids)s))
  AND p.moved_to IS NULL AND connector.said_status(p, %(now)s, 0) <> 'left'
ORDER BY p.key

-- name: note_others
-- Under which keys of those who left somebody else seems to work here now.
UPDATE connector.person p SET another = p.person_id = ANY(%(others)s)
FROM connector.left_person l
WHERE l.person_id = p.person_id AND p.site = %(site)s AND (%(ids)s::bigint[] IS NULL OR p.person_id = ANY(%(ids)s))
  AND p.another <> (p.person_id = ANY(%(others)s))

-- name: retire_keys
-- Who left keeps account, grants and history under a key of their own, which no feed names.
UPDATE connector.person p
SET key = p.key || ' (' || p.left_on || ')', formerly = p.key, another = false, gone = true, row_digest = NULL
WHERE p.person_id = ANY(%(person_ids)s)

-- name: begin_newcomers
-- And whom HR means by that key from now on begins without any.
INSERT INTO connector.person (site, source, key, wanted, initial, grant_set, unit, unit_name, units_above, job_role, manager_key,
                              starts, ends, active, timezone, earlier_keys, attributes, unique_username, first_seen,
                              changed_at, feed_id, line)
SELECT site, source, formerly, wanted, initial, grant_set, unit, unit_name, units_above, job_role, manager_key, starts, ends,
       active, timezone, earlier_keys, attributes, unique_username, %(now)s, changed_at, feed_id, line
FROM connector.person WHERE person_id = ANY(%(person_ids)s)

-- name: restore_leavers
-- What HR said of them when they left holds again.
UPDATE connector.person p
SET (wanted, initial, grant_set, unit, unit_name, units_above, job_role, manager_key, starts, ends, active, timezone,
     earlier_keys, attributes, unique_username) = (
    SELECT r.wanted, r.initial, r.grant_set, r.unit, r.unit_name, r.units_above, r.job_role, r.manager_key, r.starts, r.ends,
           r.active, r.timezone, r.earlier_keys, r.attributes, r.unique_username
    FROM connector.left_person l CROSS JOIN LATERAL jsonb_populate_record(NULL::connector.person, l.was) r
    WHERE l.person_id = p.person_id)
WHERE p.person_id = ANY(%(person_ids)s)

-- name: retire_cases
-- What was decided of the one who left goes with them, but for the word on the key itself.
UPDATE connector."case" c SET subject = p.key
FROM connector.person p
WHERE p.person_id = ANY(%(person_ids)s) AND c.site = p.site AND c.subject = p.formerly AND c.settled_at IS NOT NULL
  AND NOT (c.kind = 'another_human' AND c.settled_at::date >= p.left_on)

-- name: note_leaving
-- Since when somebody has left: the day after the last one, or the day on which it is found; and who that was.
WITH found AS (
    SELECT p.person_id, (%(now)s AT TIME ZONE p.timezone)::date AS today
    FROM connector.person p
    WHERE p.site = %(site)s AND (%(ids)s::bigint[] IS NULL OR p.person_id = ANY(%(ids)s))
      AND (connector.employment_status(p, %(now)s, 0) = 'left') <> (p.left_on IS NOT NULL)
)
, noted AS (
    UPDATE connector.person p
    SET left_on = CASE WHEN p.left_on IS NULL THEN CASE WHEN p.ends < f.today THEN p.ends + 1 ELSE f.today END END
    FROM found f WHERE p.person_id = f.person_id
    RETURNING p.person_id, p.left_on
), back AS (
    DELETE FROM connector.left_person l USING noted n WHERE l.person_id = n.person_id AND n.left_on IS NULL
)
INSERT INTO connector.left_person (person_id, was)
SELECT p.person_id, to_jsonb(p) FROM noted n JOIN connector.person p USING (person_id) WHERE n.left_on IS NOT NULL
ON CONFLICT (person_id) DO UPDATE SET was = excluded.was

-- name: note_missing_managers
-- Since when a manager is named whom no source names, of people who work here.
WITH found AS (
    SELECT p.person_id, m.person_id IS NULL AS missing
    FROM connector.person p
    LEFT JOIN connector.person m ON m.site = p.site AND connector.folded(m.key) = connector.folded(p.manager_key) AND NOT m.gone
    WHERE p.site = %(site)s AND (%(ids)s::bigint[] IS NULL OR p.person_id = ANY(%(ids)s))
      AND p.manager_key <> '' AND connector.folded(p.manager_key) <> connector.folded(p.key)
      AND connector.employment_status(p, %(now)s, 0) <> 'left'
)
UPDATE connector.person p SET manager_missing_since = CASE WHEN f.missing THEN %(now)s::timestamptz END
FROM connector.person o LEFT JOIN found f USING (person_id)
WHERE o.person_id = p.person_id AND p.site = %(site)s AND (%(ids)s::bigint[] IS NULL OR p.person_id = ANY(%(ids)s))
  AND (p.manager_missing_since IS NOT NULL) <> COALESCE(f.missing, false)

-- name: missing_managers
-- Keys that have been named as a manager for so long and are nobody's, with how many name them.
SELECT min(p.manager_key) AS key, count(*) AS people
FROM connector.person p
WHERE p.site = %(site)s AND p.manager_missing_since IS NOT NULL
GROUP BY connector.folded(p.manager_key)
HAVING min(p.manager_missing_since) <= %(now)s - %(days)s * interval '1 day'
ORDER BY key

-- name: merges
-- Two keys that look like one human, both at work: one declares the other as an earlier key of its own, or both have
-- accounts, and one e-mail address, surname and date of birth. Who declares a key that has the account alone is asked
-- about by matching. Of a plan of some people: them, those whom they declare or who declare them, and those who have their
-- address.
WITH concerned AS MATERIALIZED (
    SELECT a.person_id, a.key, a.earlier_keys, lower(a.wanted ->> 'email') AS email
    FROM connector.person a WHERE a.person_id = ANY(%(ids)s)
), working AS MATERIALIZED (
    SELECT p.person_id, p.key, p.earlier_keys, b.account_id, lower(p.wanted ->> 'email') AS email,
           lower(normalize(p.wanted ->> 'lastname')) AS lastname,
           COALESCE(p.attributes ->> 'birth_date', p.wanted #>> '{profile,birth_date}',
                    p.initial #>> '{profile,birth_date}') AS birth_date
    FROM connector.person p
    LEFT JOIN connector.binding b ON b.site = p.site AND b.person_id = p.person_id
    WHERE p.site = %(site)s
      AND (p.attributes ? 'birth_date' OR p.wanted #> '{profile,birth_date}' IS NOT NULL
           OR p.initial #> '{profile,birth_date}' IS NOT NULL OR p.earlier_keys IS NOT NULL
           OR connector.folded(p.key) IN (
               SELECT connector.folded(e.key) FROM connector.person d CROSS JOIN LATERAL unnest(d.earlier_keys) AS e (key)
               WHERE d.site = %(site)s AND d.earlier_keys IS NOT NULL))
      AND (%(ids)s::bigint[] IS NULL OR p.person_id = ANY(ARRAY(
          SELECT person_id FROM concerned
          UNION
          SELECT o.person_id FROM concerned a CROSS JOIN LATERAL unnest(a.earlier_keys) AS e (key)
          JOIN connector.person o ON o.site = %(site)s AND connector.folded(o.key) = connector.folded(e.key)
          UNION
          SELECT o.person_id FROM connector.person o
          WHERE o.site = %(site)s AND o.earlier_keys IS NOT NULL AND EXISTS (
              SELECT FROM unnest(o.earlier_keys) AS e (key)
              WHERE connector.folded(e.key) = ANY(ARRAY(SELECT connector.folded(key) FROM concerned)))
          UNION
          SELECT o.person_id FROM concerned a
          JOIN connector.person o ON o.site = %(site)s AND lower(o.wanted ->> 'email') = a.email)))
      AND connector.employment_status(p, %(now)s, 0) = 'active'
), pairs AS (
    SELECT least(n.key, o.key) AS one, greatest(n.key, o.key) AS other, true AS declared,
           CASE WHEN n.account_id IS NULL THEN n.person_id WHEN o.account_id IS NULL THEN o.person_id END AS waiting,
           ARRAY[n.account_id, o.account_id] AS accounts
    FROM working n
    CROSS JOIN LATERAL unnest(n.earlier_keys) AS e (key)
    JOIN working o ON connector.folded(o.key) = connector.folded(e.key) AND o.person_id <> n.person_id
    WHERE n.account_id IS NOT NULL OR o.account_id IS NULL
    UNION ALL
    SELECT a.key, b.key, false, NULL, ARRAY[a.account_id, b.account_id]
    FROM working a
    JOIN working b ON b.key > a.key AND b.email = a.email AND b.lastname = a.lastname AND b.birth_date = a.birth_date
    WHERE a.email <> '' AND a.birth_date <> '' AND a.account_id IS NOT NULL AND b.account_id IS NOT NULL
)
SELECT DISTINCT ON (one, other) one, other, declared, waiting, array_remove(accounts, NULL) AS accounts
FROM pairs ORDER BY one, other, declared DESC, waiting

-- name: deletable
-- Accounts that were made here, of people who left so long ago; suspended by us, and with nothing of ours left to take.
SELECT p.person_id, p.key, b.account_id, p.left_on::text AS left_on
FROM connector.person p
JOIN connector.binding b ON b.site = p.site AND b.person_id = p.person_id
JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
WHERE p.site = %(site)s AND (%(ids)s::bigint[] IS NULL OR p.person_id = ANY(%(ids)s))
  AND (%(now)s AT TIME ZONE p.timezone)::date - p.left_on >= %(days)s
  AND connector.employment_status(p, %(now)s, 0) = 'left' AND NOT connector.handing_over(p)
  AND b.bound_by = 'created' AND b.suspended_by_us AND a.suspended AND a.fields <> '{}'
  AND lower(a.fields ->> 'username') <> ALL(%(protected)s)
  AND NOT EXISTS (SELECT FROM connector.administrator d WHERE d.site = a.site AND d.account_id = a.account_id)
  AND NOT EXISTS (SELECT FROM connector.ledger l
                  WHERE l.site = b.site AND l.person_id = p.person_id AND l.ended_at IS NULL AND l.ours
                    AND l.kind IN ('cohort', 'role', 'enrolment') AND NOT l.suspended)
ORDER BY p.key

-- name: former
-- Other keys of these people, and the accounts held under them: earlier ones that they declare, and those that moved here.
SELECT w.key AS now, q.key, b.account_id
FROM unnest(%(keys)s::text[], %(earlier)s::text[]) AS w (key, earlier)
JOIN connector.person q ON q.site = %(site)s AND connector.folded(q.key) = connector.folded(w.earlier) AND q.key <> w.key
LEFT JOIN connector.binding b ON b.site = q.site AND b.person_id = q.person_id
UNION
SELECT q.moved_to, q.key, b.account_id
FROM connector.person q
LEFT JOIN connector.binding b ON b.site = q.site AND b.person_id = q.person_id
WHERE q.site = %(site)s AND q.moved_to = ANY(%(people)s)
ORDER BY now, key
