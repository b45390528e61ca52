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
-- The newest version, so that nobody changes it or begins to use it meanwhile.
SELECT v.version, v.changes, v.used
FROM connector.content c JOIN connector.content_version v USING (content_id)
WHERE c.site = %(site)s AND c.content_id = %(content_id)s AND c.ended_at IS NULL
ORDER BY v.version DESC LIMIT 1
FOR UPDATE

-- name: hold
-- Versions are about to be used, which whatever names them makes them ("connector.use_versions"), and stay as they are then: a
-- change begins the next. Whoever changes one at this moment is waited for; always in one order, so that two who use the same
-- wait for each other once.
SELECT v.version FROM connector.content_version v
JOIN unnest(%(contents)s::uuid[], %(versions)s::integer[]) AS w (content_id, version)
  ON w.content_id = v.content_id AND w.version = v.version
WHERE NOT v.used
ORDER BY v.content_id, v.version
FOR NO KEY UPDATE OF v

-- name: changed
-- How many of these versions are not any more as they were seen.
SELECT count(*) AS changed FROM connector.content_version v
JOIN unnest(%(contents)s::uuid[], %(versions)s::integer[], %(changes)s::integer[]) AS w (content_id, version, changes)
  ON w.content_id = v.content_id AND w.version = v.version
WHERE v.changes <> w.changes

-- name: change
-- The newest version, which nobody has used, is as it is now said to be.
UPDATE connector.content_version
SET body = %(body)s, changed_by = %(by)s, changed_at = %(now)s, changes = changes + 1
WHERE content_id = %(content_id)s AND version = %(version)s

-- name: add_version
-- The next version, unless somebody else has begun it since.
INSERT INTO connector.content_version (content_id, version, body, changed_by, changed_at)
VALUES (%(content_id)s, %(version)s + 1, %(body)s, %(by)s, %(now)s)
ON CONFLICT DO NOTHING

-- name: place
-- Content has an activity in a course; most of the time that is known.
INSERT INTO connector.placement (platform_id, course, content_id, placed_at)
VALUES (%(platform_id)s, %(course)s, %(content_id)s, %(now)s)
ON CONFLICT DO NOTHING

-- name: end
UPDATE connector.content SET ended_at = %(now)s
WHERE site = %(site)s AND content_id = %(content_id)s AND ended_at IS NULL
