-- name: unused
-- Of these pictures those that no question has: neither of content as it is now, nor of a version that was used.
SELECT k.picture_id FROM unnest(%(picture_ids)s::text[]) k (picture_id)
WHERE k.picture_id NOT IN (
    SELECT p.picture_id #>> '{}'
    FROM connector.content_version v JOIN connector.content c USING (content_id),
         jsonb_path_query(v.body, '$.**.picture_id') p (picture_id)
    WHERE v.used OR c.ended_at IS NULL)

-- name: note
-- Since when these are not used; others are again, or are gone.
WITH again AS (
    DELETE FROM connector.unused_picture WHERE site = %(site)s AND picture_id <> ALL(%(picture_ids)s::text[])
)
INSERT INTO connector.unused_picture (site, picture_id, since)
SELECT %(site)s, k.picture_id, %(now)s FROM unnest(%(picture_ids)s::text[]) k (picture_id)
ON CONFLICT DO NOTHING

-- name: unused_since
SELECT picture_id FROM connector.unused_picture
WHERE site = %(site)s AND since < %(before)s AND picture_id = ANY(%(picture_ids)s::text[]) ORDER BY picture_id
