-- name: note
-- Who is named under another key now: an earlier key that somebody declares who works here, where nobody says of both keys
-- at once that they work here. Both in one source, both with an account, two who declare the same, keys that declare each
-- other: that is left to a person, whose word (others, kept) comes first.
WITH RECURSIVE claim AS MATERIALIZED (
    SELECT o.person_id, o.key, n.key AS by_key, o.moved_to
    FROM connector.person n
    CROSS JOIN LATERAL unnest(n.earlier_keys) AS e (key)
    JOIN connector.person o ON o.site = n.site AND o.key = e.key AND o.person_id <> n.person_id
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
    JOIN connector.person o ON o.site = n.site AND o.key = e.key AND o.person_id <> n.person_id
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

-- name: note_leaving
-- Since when somebody has left: the day after the last one, or the day on which it is found.
WITH found AS (
    SELECT p.person_id, (%(now)s AT TIME ZONE p.timezone)::date AS today
    FROM connector.person p
    WHERE p.site = %(site)s AND (%(ids)s::bigint[] IS NULL OR p.person_id = ANY(%(ids)s))
      AND (connector.employment_status(p, %(now)s, 0) = 'left') <> (p.left_on IS NOT NULL)
)
UPDATE connector.person p
SET left_on = CASE WHEN p.left_on IS NULL THEN CASE WHEN p.ends < f.today THEN p.ends + 1 ELSE f.today END END
FROM found f WHERE p.person_id = f.person_id
