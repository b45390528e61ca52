-- name: newest
-- Content as it is now.
SELECT c.content_id, c.kind, c.platform_id, c.course, v.version, v.changes, v.body, v.changed_at
FROM connector.content c
JOIN LATERAL (SELECT * FROM connector.content_version v WHERE v.content_id = c.content_id
              ORDER BY v.version DESC LIMIT 1) v ON true
WHERE c.site = %(site)s AND c.content_id = %(content_id)s AND c.ended_at IS NULL

-- name: version
-- Content as it was.
SELECT c.content_id, c.kind, c.platform_id, c.course, v.version, v.changes, v.body, v.changed_at
FROM connector.content c JOIN connector.content_version v USING (content_id)
WHERE c.site = %(site)s AND c.content_id = %(content_id)s AND v.version = %(version)s

-- name: of_course
-- What was made in a course, as it is now.
SELECT c.content_id, c.kind, c.platform_id, c.course, v.version, v.changes, v.body, v.changed_at
FROM connector.content c
JOIN LATERAL (SELECT * FROM connector.content_version v WHERE v.content_id = c.content_id
              ORDER BY v.version DESC LIMIT 1) v ON true
WHERE c.site = %(site)s AND c.platform_id = %(platform_id)s AND c.course = %(course)s AND c.ended_at IS NULL
ORDER BY v.changed_at DESC, c.content_id

-- name: make
-- Content with its first version.
WITH made AS (
    INSERT INTO connector.content (content_id, site, kind, platform_id, course, made_by, made_at)
    VALUES (%(content_id)s, %(site)s, %(kind)s, %(platform_id)s, %(course)s, %(by)s, %(now)s)
    RETURNING content_id
)
INSERT INTO connector.content_version (content_id, version, body, changed_by, changed_at)
SELECT content_id, 1, %(body)s, %(by)s, %(now)s FROM made

-- name: lock
-- The newest version, so that nobody changes it or begins an attempt at it meanwhile.
SELECT v.version, v.changes
FROM connector.content c JOIN connector.content_version v USING (content_id)
WHERE c.site = %(site)s AND c.content_id = %(content_id)s AND c.ended_at IS NULL
ORDER BY v.version DESC LIMIT 1
FOR UPDATE

-- name: is_used
-- Whether an attempt was made with a version, or is marked by it, as an assessment or as a bank; or it was watched.
SELECT EXISTS (SELECT FROM connector.attempt a
               WHERE a.content_id = %(content_id)s AND %(version)s IN (a.version, a.marked_version))
    OR EXISTS (SELECT FROM connector.attempt a
               WHERE %(version)s IN ((a.banks ->> %(key)s)::integer, (a.marked_banks ->> %(key)s)::integer))
    OR EXISTS (SELECT FROM connector.viewing w WHERE w.content_id = %(content_id)s AND w.version = %(version)s) AS used

-- name: change
-- The newest version, which nobody has used, is as it is now said to be.
UPDATE connector.content_version
SET body = %(body)s, changed_by = %(by)s, changed_at = %(now)s, changes = changes + 1
WHERE content_id = %(content_id)s AND version = %(version)s

-- name: add_version
INSERT INTO connector.content_version (content_id, version, body, changed_by, changed_at)
VALUES (%(content_id)s, %(version)s + 1, %(body)s, %(by)s, %(now)s)

-- name: end
UPDATE connector.content SET ended_at = %(now)s
WHERE site = %(site)s AND content_id = %(content_id)s AND ended_at IS NULL
