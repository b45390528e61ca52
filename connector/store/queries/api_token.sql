-- name: all
-- Every token of a site, the newest first.
SELECT token_id, name, scopes, unit, created_at, created_by, expires_at, used_at, revoked_at
FROM connector.api_token WHERE site = %(site)s ORDER BY token_id DESC

-- name: end_expired
-- A name is free again once its token has expired.
UPDATE connector.api_token SET revoked_at = %(now)s
WHERE site = %(site)s AND name = %(name)s AND revoked_at IS NULL AND expires_at <= %(now)s

-- name: add
-- A new token, unless there is one of this name.
INSERT INTO connector.api_token (site, name, digest, scopes, unit, created_at, created_by, expires_at)
VALUES (%(site)s, %(name)s, %(digest)s, %(scopes)s::text[], %(unit)s, %(now)s, %(by)s, %(expires_at)s)
ON CONFLICT (site, name) WHERE revoked_at IS NULL DO NOTHING

-- name: revoke
UPDATE connector.api_token SET revoked_at = %(now)s
WHERE site = %(site)s AND name = %(name)s AND revoked_at IS NULL

-- name: presented
-- A token that somebody came with.
SELECT token_id, name, scopes, unit, created_at, created_by, expires_at, used_at, revoked_at, digest
FROM connector.api_token WHERE site = %(site)s AND digest = %(digest)s

-- name: used
-- A token was used.
UPDATE connector.api_token SET used_at = %(now)s WHERE token_id = %(token_id)s
