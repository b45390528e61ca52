-- name: end_over
-- Notices of what holds no longer: it is due on another day now, was withdrawn, or the person has left.
UPDATE connector.due_notice n SET state = 'over', told_at = %(now)s
WHERE n.site = %(site)s AND n.state = 'waiting' AND NOT EXISTS (
    SELECT FROM connector.ledger l
    WHERE l.site = n.site AND l.person_id = n.person_id AND l.kind = 'assignment' AND l.target = n.requirement
      AND l.ended_at IS NULL AND l.terms ->> 'due_on' = n.due_on::text)

-- name: waiting
-- Notices of people who can read them now.
SELECT n.person_id, b.account_id, n.requirement, l.terms ->> 'path' AS path, n.due_on, n.changed,
       COALESCE(NULLIF(a.fields ->> 'lang', ''), p.wanted ->> 'lang', p.initial ->> 'lang', '') AS lang,
       p.timezone
FROM connector.due_notice n
JOIN connector.person p USING (person_id)
JOIN connector.ledger l ON l.site = n.site AND l.person_id = n.person_id AND l.kind = 'assignment'
     AND l.target = n.requirement AND l.ended_at IS NULL AND l.terms ->> 'due_on' = n.due_on::text
JOIN connector.binding b ON b.site = n.site AND b.person_id = n.person_id
JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id AND a.fields <> '{}' AND NOT a.suspended
WHERE n.site = %(site)s AND n.state = 'waiting' AND connector.employment_status(p, %(now)s, 0) = 'active'
ORDER BY n.noted_at, n.person_id, n.requirement
LIMIT %(limit)s

-- name: claim
-- About to be sent: from here on not to be sent again. What another process has claimed meanwhile is left out.
UPDATE connector.due_notice n SET state = 'sent', told_at = %(now)s
FROM unnest(%(people)s::bigint[], %(requirements)s::text[], %(days)s::date[]) AS c (person_id, requirement, due_on)
WHERE n.site = %(site)s AND n.state = 'waiting'
  AND (n.person_id, n.requirement, n.due_on) = (c.person_id, c.requirement, c.due_on)
RETURNING n.person_id, n.requirement, n.due_on

-- name: give_back
-- These surely were not sent.
UPDATE connector.due_notice n SET state = 'waiting', told_at = NULL
FROM unnest(%(people)s::bigint[], %(requirements)s::text[], %(days)s::date[]) AS c (person_id, requirement, due_on)
WHERE n.site = %(site)s AND n.state = 'sent'
  AND (n.person_id, n.requirement, n.due_on) = (c.person_id, c.requirement, c.due_on)

-- name: settle
-- What became of them.
UPDATE connector.due_notice n SET state = c.state, told_at = %(now)s, message = c.message
FROM unnest(%(people)s::bigint[], %(requirements)s::text[], %(days)s::date[], %(states)s::text[], %(messages)s::text[])
     AS c (person_id, requirement, due_on, state, message)
WHERE n.site = %(site)s AND n.state = 'sent'
  AND (n.person_id, n.requirement, n.due_on) = (c.person_id, c.requirement, c.due_on)
