-- name: note
-- What HR now says of somebody's leave, beside what was known. Without a first day it begins today, or has begun when HR
-- first said so. What HR says otherwise than before is a correction where the two overlap; what it says no more is kept up
-- to yesterday.
WITH said AS (
    SELECT p.person_id, l.said AS before, COALESCE(l.days, '{}') AS days, daterange(t.today, NULL) AS ahead, CASE
               WHEN s.leave_from IS NOT NULL THEN daterange(s.leave_from, s.leave_until, '[]')
               WHEN s.on_leave THEN daterange(
                   b.first, CASE WHEN s.leave_until >= GREATEST(b.first, t.today) THEN s.leave_until END, '[]')
           END AS now
    FROM connector.staged s
    JOIN connector.person p ON p.site = %(site)s AND p.key = s.key
    LEFT JOIN connector.leave l ON l.person_id = p.person_id
    CROSS JOIN LATERAL (SELECT (%(now)s AT TIME ZONE s.timezone)::date AS today) t
    CROSS JOIN LATERAL (SELECT COALESCE(lower(l.said), t.today) AS first) b
    WHERE s.feed_id = %(feed_id)s AND s.wanted IS NOT NULL
      AND (s.on_leave OR s.on_leave IS NOT NULL AND l.person_id IS NOT NULL)
)
INSERT INTO connector.leave (person_id, said, days)
SELECT person_id, now, CASE
           WHEN now IS NULL THEN days - ahead::datemultirange
           WHEN now && before THEN days - before::datemultirange + now::datemultirange
           ELSE days - ahead::datemultirange + now::datemultirange
       END
FROM said
ON CONFLICT (person_id) DO UPDATE SET said = excluded.said, days = excluded.days
WHERE (leave.said, leave.days) IS DISTINCT FROM (excluded.said, excluded.days)

-- name: all
-- Every leave of everybody, with its first and last day; of those who are away without an end the last is NULL.
SELECT l.person_id, lower(d.days) AS first, upper(d.days) - 1 AS last
FROM connector.leave l
JOIN connector.person p ON p.person_id = l.person_id AND p.site = %(site)s
CROSS JOIN LATERAL unnest(l.days) AS d (days)
