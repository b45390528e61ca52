-- name: end_over
-- Welcomes to accounts that are gone, and those that nobody could be given within two weeks: they would be odd by now.
UPDATE connector.welcome w SET state = 'over', told_at = %(now)s
WHERE w.site = %(site)s AND w.state = 'waiting' AND NOT EXISTS (
    SELECT FROM connector.binding b
    JOIN connector.person p ON p.person_id = b.person_id
    JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id AND a.fields <> '{}'
    WHERE b.site = w.site AND b.account_id = w.account_id
      AND (connector.employment_status(p, %(now)s, 0) <> 'active'
           OR GREATEST(w.noted_at, p.starts::timestamp AT TIME ZONE p.timezone) > %(now)s - interval '14 days'))

-- name: waiting
-- Of people who work here now and can sign in. Whose address was not taken for the moment is asked again after a while,
-- and an address or name that stands in for another (see domain.decide.temporary_identity) is told to nobody.
SELECT w.account_id, a.fields ->> 'username' AS username, a.fields ->> 'email' AS email,
       COALESCE(a.fields ->> 'auth', p.wanted ->> 'auth', p.initial ->> 'auth', 'manual') AS auth,
       COALESCE(NULLIF(a.fields ->> 'lang', ''), p.wanted ->> 'lang', p.initial ->> 'lang', '') AS lang
FROM connector.welcome w
JOIN connector.binding b ON b.site = w.site AND b.account_id = w.account_id
JOIN connector.person p ON p.person_id = b.person_id
JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id AND a.fields <> '{}' AND NOT a.suspended
WHERE w.site = %(site)s AND w.state = 'waiting' AND connector.employment_status(p, %(now)s, 0) = 'active'
  AND (w.told_at IS NULL OR w.told_at <= %(now)s - interval '10 minutes')
  AND a.fields ->> 'email' <> '' AND a.fields ->> 'email' NOT LIKE '%%@moved.invalid'
  AND a.fields ->> 'username' <> 'moved-' || p.person_id AND a.fields ->> 'auth' IS DISTINCT FROM 'nologin'
ORDER BY w.noted_at, w.account_id
LIMIT %(limit)s

-- name: claim
-- About to be sent: from here on not to be sent again. What another process has claimed meanwhile is left out.
UPDATE connector.welcome w SET state = 'sent', told_at = %(now)s
WHERE w.site = %(site)s AND w.state = 'waiting' AND w.account_id = ANY(%(accounts)s)
RETURNING w.account_id

-- name: give_back
-- These surely were not sent.
UPDATE connector.welcome w SET state = 'waiting', told_at = NULL
WHERE w.site = %(site)s AND w.state = 'sent' AND w.account_id = ANY(%(accounts)s)

-- name: settle
-- What became of them; one that waits on was tried now.
UPDATE connector.welcome w SET state = c.state, told_at = %(now)s, message = c.message
FROM unnest(%(accounts)s::bigint[], %(states)s::text[], %(messages)s::text[]) AS c (account_id, state, message)
WHERE w.site = %(site)s AND w.state = 'sent' AND w.account_id = c.account_id
