-- name: bound
-- Accounts of managed people.
SELECT account_id FROM connector.binding WHERE site = %(site)s AND account_id > %(after)s
ORDER BY account_id LIMIT %(limit)s

-- name: managed
-- Of these accounts those of managed people.
SELECT account_id FROM connector.binding WHERE site = %(site)s AND account_id = ANY(%(account_ids)s)

-- name: unlike
-- Of these accounts the managed ones that are not known by this mark.
SELECT m.account_id
FROM unnest(%(account_ids)s::bigint[], %(marks)s::bytea[]) AS m (account_id, mark)
JOIN connector.binding b ON b.site = %(site)s AND b.account_id = m.account_id
LEFT JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
WHERE a.mark IS DISTINCT FROM m.mark OR a.fields = '{}'
ORDER BY m.account_id

-- name: remember
-- An account as Moodle shows it now. What Moodle does not show to the token stays as it was last written.
INSERT INTO connector.account (site, account_id, fields, suspended, seen_at, mark)
VALUES (%(site)s, %(account_id)s, %(fields)s, %(suspended)s, %(now)s, %(mark)s)
ON CONFLICT (site, account_id) DO UPDATE
SET fields = account.fields || excluded.fields, suspended = excluded.suspended, seen_at = excluded.seen_at,
    mark = excluded.mark

-- name: reserve_usernames
-- Of these accounts the usernames that managed people have, however they came by them: given to nobody else from now on.
INSERT INTO connector.reserved_username (site, username, person_id)
SELECT b.site, lower(a.fields ->> 'username'), b.person_id
FROM connector.binding b
JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
WHERE b.site = %(site)s AND b.account_id = ANY(%(account_ids)s) AND a.fields ->> 'username' <> ''
  AND NOT EXISTS (SELECT FROM connector.reserved_username r
                  WHERE r.site = b.site AND r.username = lower(a.fields ->> 'username'))
ORDER BY 2
ON CONFLICT DO NOTHING

-- name: seen
-- These accounts are still there. Like every query that alters several accounts it locks them by their ids first, so
-- that two processes never wait for each other.
WITH locked AS MATERIALIZED (
    SELECT account_id FROM connector.account WHERE site = %(site)s AND account_id = ANY(%(account_ids)s)
    ORDER BY account_id FOR NO KEY UPDATE
)
UPDATE connector.account a SET seen_at = %(now)s FROM locked l WHERE a.site = %(site)s AND a.account_id = l.account_id

-- name: unseen
-- Managed accounts that have not been seen since, and are not known to be lost.
SELECT a.account_id FROM connector.account a
JOIN connector.binding b ON b.site = a.site AND b.account_id = a.account_id
WHERE a.site = %(site)s AND a.seen_at < %(since)s AND a.fields <> '{}'
ORDER BY a.account_id

-- name: mark_lost
-- Accounts that Moodle no longer has: nothing of them is as wanted, so that the next plan looks at them.
WITH locked AS MATERIALIZED (
    SELECT account_id FROM connector.account WHERE site = %(site)s AND account_id = ANY(%(account_ids)s)
    ORDER BY account_id FOR NO KEY UPDATE
)
UPDATE connector.account a SET fields = '{}', seen_at = %(now)s
FROM locked l WHERE a.site = %(site)s AND a.account_id = l.account_id

-- name: read_until
-- Up to when changes of accounts have been read.
SELECT read_until FROM connector.cursor WHERE site = %(site)s AND name = 'accounts'

-- name: set_read_until
INSERT INTO connector.cursor (site, name, read_until) VALUES (%(site)s, 'accounts', %(moment)s)
ON CONFLICT (site, name) DO UPDATE SET read_until = excluded.read_until
