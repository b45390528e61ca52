-- name: all
-- Every token of every client, the newest first.
SELECT c.name AS client, t.token_id, t.created_at, t.created_by, t.expires_at, t.used_at, t.revoked_at
FROM connector.scim_token t JOIN connector.scim_client c USING (client_id) ORDER BY c.name, t.token_id DESC

-- name: make_client
-- The client, locked; made where there is none.
INSERT INTO connector.scim_client (name, created_at, changed_at) VALUES (%(client)s, %(now)s, %(now)s)
ON CONFLICT (name) DO UPDATE SET name = EXCLUDED.name RETURNING client_id

-- name: client
-- The client, locked.
SELECT client_id FROM connector.scim_client WHERE name = %(client)s FOR UPDATE

-- name: good
-- Whether a client has a token that is good.
SELECT EXISTS (SELECT FROM connector.scim_token
               WHERE client_id = %(client_id)s AND revoked_at IS NULL AND expires_at > %(now)s) AS good

-- name: add
-- A new token.
INSERT INTO connector.scim_token (client_id, digest, created_at, created_by, expires_at)
VALUES (%(client_id)s, %(digest)s, %(now)s, %(by)s, %(expires_at)s)

-- name: shorten
-- Tokens of before end sooner.
UPDATE connector.scim_token SET expires_at = least(expires_at, %(old_until)s)
WHERE client_id = %(client_id)s AND revoked_at IS NULL

-- name: revoke
-- One token of a client, or all, end at once.
UPDATE connector.scim_token t SET revoked_at = %(now)s
FROM connector.scim_client c
WHERE c.client_id = t.client_id AND c.name = %(client)s AND t.revoked_at IS NULL
  AND (%(token_id)s::bigint IS NULL OR t.token_id = %(token_id)s)

-- name: presented
-- A token that somebody came with.
SELECT c.name AS client, t.token_id, t.created_at, t.created_by, t.expires_at, t.used_at, t.revoked_at,
       t.client_id, t.digest
FROM connector.scim_token t JOIN connector.scim_client c USING (client_id) WHERE t.digest = %(digest)s

-- name: used
-- A token was used.
UPDATE connector.scim_token SET used_at = %(now)s WHERE token_id = %(token_id)s
