-- name: told
-- What a channel has told and not yet told to be over.
SELECT key, mark, kind, facts, since, told_at FROM connector.notice
WHERE site = %(site)s AND channel = %(channel)s ORDER BY since, key

-- name: keep
-- Told now, for the first time or again.
INSERT INTO connector.notice (site, channel, key, mark, kind, facts, since, told_at)
VALUES (%(site)s, %(channel)s, %(key)s, %(mark)s, %(kind)s, %(facts)s, %(now)s, %(now)s)
ON CONFLICT (site, channel, key) DO UPDATE
SET mark = excluded.mark, kind = excluded.kind, facts = excluded.facts, told_at = excluded.told_at

-- name: forget
-- Told to be over.
DELETE FROM connector.notice WHERE site = %(site)s AND channel = %(channel)s AND key = ANY(%(keys)s)
