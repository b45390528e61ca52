-- name: due
-- What people have to do and have not done: of a requirement that is to be met again, the nearest day.
SELECT DISTINCT ON (f.person_id, f.requirement) f.person_id, f.requirement, f.due_on, p.timezone
FROM facts.fact_assignment f
JOIN facts.dim_person p ON p.person_id = f.person_id AND p.valid_to = 'infinity' AND p.status <> 'left'
WHERE f.valid_to = 'infinity' AND f.due_on IS NOT NULL AND f.satisfied_at IS NULL AND f.withdrawn_at IS NULL
ORDER BY f.person_id, f.requirement, f.due_on

-- name: accounts
-- Accounts of people, with Moodle's language pack.
SELECT b.person_id, b.account_id, COALESCE(a.fields ->> 'lang', '') AS lang
FROM connector.binding b
JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id AND a.fields <> '{}'
WHERE b.site = %(site)s AND b.person_id = ANY(%(people)s::bigint[])

-- name: known
-- What was sent. What a process sent that then was killed is sent again, and after a day what was refused.
SELECT account_id, requirement,
       CASE WHEN state = 'put' OR state = 'refused' AND sent_at > %(now)s - interval '1 day' THEN digest ELSE '' END
       AS digest
FROM connector.calendar_entry
WHERE site = %(site)s

-- name: sending
-- About to be sent: whatever happens from here on, it may stand in Moodle.
INSERT INTO connector.calendar_entry (site, account_id, requirement, due_on, digest, state, sent_at)
SELECT %(site)s, c.account_id, c.requirement, c.due_on, c.digest, 'sent', %(now)s
FROM unnest(%(accounts)s::bigint[], %(requirements)s::text[], %(days)s::date[], %(digests)s::text[])
     AS c (account_id, requirement, due_on, digest)
ON CONFLICT (site, account_id, requirement) DO UPDATE
SET due_on = COALESCE(EXCLUDED.due_on, calendar_entry.due_on), digest = EXCLUDED.digest, state = 'sent',
    sent_at = EXCLUDED.sent_at

-- name: settle
-- What became of them: what was removed is forgotten.
WITH came AS (
    SELECT * FROM unnest(%(accounts)s::bigint[], %(requirements)s::text[], %(states)s::text[], %(messages)s::text[])
        AS c (account_id, requirement, state, message)
), gone AS (
    DELETE FROM connector.calendar_entry e USING came c
    WHERE e.site = %(site)s AND (e.account_id, e.requirement) = (c.account_id, c.requirement) AND c.state = 'gone'
)
UPDATE connector.calendar_entry e SET state = c.state, message = c.message, sent_at = %(now)s
FROM came c
WHERE e.site = %(site)s AND (e.account_id, e.requirement) = (c.account_id, c.requirement) AND c.state <> 'gone'
