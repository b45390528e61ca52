-- name: ended
-- Links that hold no longer: the person has left, signs in otherwise, or has another name at the provider.
SELECT l.account_id, l.issuer_id, l.username, '' AS email, false AS puts
FROM connector.linked_login l
WHERE l.site = %(site)s AND NOT EXISTS (
    SELECT FROM connector.signing_in(%(site)s, %(identity)s, %(now)s) w
    WHERE (w.account_id, w.username) = (l.account_id, l.username) AND l.issuer_id = %(issuer)s)
ORDER BY l.account_id

-- name: wanted
-- Links to be made. What a process sent that then was killed is sent again, and after a day what was refused.
SELECT w.account_id, %(issuer)s::integer AS issuer_id, w.username, w.email, true AS puts
FROM connector.signing_in(%(site)s, %(identity)s, %(now)s) w
LEFT JOIN connector.linked_login l
    ON (l.site, l.account_id, l.issuer_id, l.username) = (%(site)s, w.account_id, %(issuer)s, w.username)
WHERE l.state IS NULL OR l.state = 'sent' OR l.state = 'refused' AND l.sent_at <= %(now)s - interval '1 day'
ORDER BY w.account_id

-- name: sending
-- About to be sent: whatever happens from here on, they may be linked in Moodle.
INSERT INTO connector.linked_login (site, account_id, issuer_id, username, state, sent_at)
SELECT %(site)s, c.account_id, c.issuer_id, c.username, 'sent', %(now)s
FROM unnest(%(accounts)s::bigint[], %(issuers)s::integer[], %(usernames)s::text[])
     AS c (account_id, issuer_id, username)
ON CONFLICT (site, account_id, issuer_id, username) DO UPDATE SET state = 'sent', sent_at = EXCLUDED.sent_at

-- name: settle
-- What became of them: what was ended is forgotten.
WITH came AS (
    SELECT * FROM unnest(%(accounts)s::bigint[], %(issuers)s::integer[], %(usernames)s::text[], %(states)s::text[],
                         %(messages)s::text[]) AS c (account_id, issuer_id, username, state, message)
), gone AS (
    DELETE FROM connector.linked_login l USING came c
    WHERE l.site = %(site)s AND c.state = 'gone'
      AND (l.account_id, l.issuer_id, l.username) = (c.account_id, c.issuer_id, c.username)
)
UPDATE connector.linked_login l SET state = c.state, message = c.message, sent_at = %(now)s
FROM came c
WHERE l.site = %(site)s AND c.state <> 'gone'
  AND (l.account_id, l.issuer_id, l.username) = (c.account_id, c.issuer_id, c.username)
