-- name: media
SELECT media_id, platform_id, course, name, size, state, upload, progress, reference, failure, tries, made
FROM connector.media WHERE site = %(site)s AND media_id = %(media_id)s

-- name: unfinished
-- An upload of the same file by the same person in the same course, that was broken off.
SELECT media_id, platform_id, course, name, size, state, upload, progress, reference, failure, tries, made
FROM connector.media
WHERE site = %(site)s AND platform_id = %(platform_id)s AND course = %(course)s AND made_by = %(by)s
  AND name = %(name)s AND size = %(size)s AND state = 'uploading'
ORDER BY made_at DESC LIMIT 1

-- name: begin
INSERT INTO connector.media (media_id, site, platform_id, course, made_by, name, size, state, upload, made_at, changed_at)
VALUES (%(media_id)s, %(site)s, %(platform_id)s, %(course)s, %(by)s, %(name)s, %(size)s, 'uploading', %(upload)s, %(now)s, %(now)s)

-- name: add_part
-- A part is there, the last one of its number.
WITH alive AS (
    UPDATE connector.media SET changed_at = %(now)s WHERE media_id = %(media_id)s AND state = 'uploading' RETURNING media_id
)
INSERT INTO connector.media_part (media_id, number, tag) SELECT media_id, %(number)s, %(tag)s FROM alive
ON CONFLICT (media_id, number) DO UPDATE SET tag = excluded.tag

-- name: parts
SELECT number, tag FROM connector.media_part WHERE media_id = %(media_id)s ORDER BY number

-- name: completed
-- All of it is there; whoever transcodes is told.
WITH done AS (
    UPDATE connector.media SET state = 'waiting', upload = '', changed_at = %(now)s
    WHERE media_id = %(media_id)s AND state = 'uploading' RETURNING media_id, site
), gone AS (
    DELETE FROM connector.media_part p USING done d WHERE p.media_id = d.media_id
)
SELECT pg_notify('connector_video', site) FROM done

-- name: take
-- The next to be transcoded; first what was broken off (working). One process at a time asks.
UPDATE connector.media SET state = 'working', tries = tries + 1, progress = 0, changed_at = %(now)s
WHERE media_id = (SELECT m.media_id FROM connector.media m
                  WHERE m.site = %(site)s AND m.state IN ('working', 'waiting')
                  ORDER BY m.state DESC, m.changed_at LIMIT 1)
RETURNING media_id, platform_id, course, name, size, state, upload, progress, reference, failure, tries, made

-- name: progressed
UPDATE connector.media SET progress = %(progress)s, reference = %(reference)s
WHERE media_id = %(media_id)s AND state = 'working'

-- name: put_back
-- The process was told to end: what it was at goes on as if it had not been begun.
UPDATE connector.media SET tries = tries - 1 WHERE media_id = %(media_id)s AND state = 'working'

-- name: ready
UPDATE connector.media SET state = 'ready', progress = 1, reference = '', failure = NULL, made = %(made)s, changed_at = %(now)s
WHERE media_id = %(media_id)s

-- name: failed
WITH gone AS (DELETE FROM connector.media_part WHERE media_id = %(media_id)s)
UPDATE connector.media SET state = 'failed', upload = '', reference = '', failure = %(failure)s, changed_at = %(now)s
WHERE media_id = %(media_id)s

-- name: abandoned
SELECT media_id, platform_id, course, name, size, state, upload, progress, reference, failure, tries, made
FROM connector.media WHERE site = %(site)s AND state = 'uploading' AND changed_at < %(before)s

-- name: forget
DELETE FROM connector.media WHERE media_id = %(media_id)s AND state = 'uploading'

-- name: end_trial
-- Who has tried a lesson out and comes to learn begins anew: what they have done until then counts nowhere.
DELETE FROM connector.viewing
WHERE content_id = %(content_id)s AND media_id = %(media_id)s AND platform_id = %(platform_id)s AND link = %(link)s
  AND subject = %(subject)s AND trial AND NOT %(trial)s

-- name: open
-- The viewing of somebody; who has watched once to learn is no longer trying it out. Time in which it was not open gives no
-- credit, but for a little. The version is used from now on.
WITH used AS (
    UPDATE connector.content_version SET used = true
    WHERE content_id = %(content_id)s AND version = %(version)s AND NOT used
), known AS (
    SELECT v.view_id FROM connector.viewing v
    WHERE v.content_id = %(content_id)s AND v.media_id = %(media_id)s AND v.platform_id = %(platform_id)s
      AND v.link = %(link)s AND v.subject = %(subject)s
), opened AS (
    INSERT INTO connector.viewing (content_id, version, media_id, platform_id, course, link, subject, person_id, name,
                                   line_item, trial, began_at, reported_at, credit)
    VALUES (%(content_id)s, %(version)s, %(media_id)s, %(platform_id)s, %(course)s, %(link)s, %(subject)s, %(person_id)s,
            %(name)s, %(line_item)s, %(trial)s, %(now)s, %(now)s, %(slack)s)
    ON CONFLICT (content_id, media_id, platform_id, link, subject) DO UPDATE
    SET version = excluded.version, course = excluded.course, person_id = excluded.person_id, name = excluded.name,
        line_item = excluded.line_item, trial = viewing.trial AND excluded.trial, reported_at = excluded.reported_at,
        credit = LEAST(viewing.credit + extract(epoch FROM excluded.reported_at - viewing.reported_at), excluded.credit)
    RETURNING *
)
SELECT o.view_id, o.version, o.watched, o.heat, o.position, o.share, o.answers, o.reported_at, o.credit, o.completed_at, o.name,
       NOT EXISTS (SELECT FROM known) AS new
FROM opened o

-- name: lock_viewing
SELECT view_id, version, watched, heat, position, share, answers, reported_at, credit, completed_at, name
FROM connector.viewing
WHERE content_id = %(content_id)s AND media_id = %(media_id)s AND platform_id = %(platform_id)s AND link = %(link)s
  AND subject = %(subject)s
FOR UPDATE

-- name: alter_viewing
-- Where somebody who is known has completed it, whoever issues certificates is woken.
WITH altered AS (
    UPDATE connector.viewing v
    SET watched = %(watched)s, heat = %(heat)s, position = %(position)s, share = %(share)s, answers = %(answers)s,
        reported_at = %(reported_at)s, credit = %(credit)s, completed_at = %(completed_at)s
    FROM (SELECT view_id, completed_at FROM connector.viewing WHERE view_id = %(view_id)s) b
    WHERE v.view_id = b.view_id
    RETURNING v.content_id,
              v.completed_at IS NOT NULL AND b.completed_at IS NULL AND v.person_id IS NOT NULL AND NOT v.trial AS counts
)
SELECT pg_notify('connector_passed', c.site) FROM altered a JOIN connector.content c USING (content_id) WHERE a.counts

-- name: of_course
-- Who has watched how much in a course, but for those who have tried it out.
SELECT view_id, version, watched, heat, position, share, answers, reported_at, credit, completed_at, name
FROM connector.viewing
WHERE content_id = %(content_id)s AND media_id = %(media_id)s AND platform_id = %(platform_id)s AND course = %(course)s
  AND NOT trial
ORDER BY name, view_id

-- name: in_course
-- How lessons were watched that were made in a course, or watched there; of several videos of a lesson the most counts.
WITH seen AS (
    SELECT w.content_id, w.subject, max(w.share) AS share, bool_or(w.completed_at IS NOT NULL) AS completed
    FROM connector.viewing w WHERE w.platform_id = %(platform_id)s AND w.course = %(course)s AND NOT w.trial
    GROUP BY w.content_id, w.subject
)
SELECT c.content_id, v.body -> 'title' AS title, count(s.subject) AS people,
       count(*) FILTER (WHERE s.completed) AS completed, avg(s.share) AS share
FROM connector.content c
JOIN LATERAL (SELECT * FROM connector.content_version v WHERE v.content_id = c.content_id
              ORDER BY v.version DESC LIMIT 1) v ON true
LEFT JOIN seen s ON s.content_id = c.content_id
WHERE c.kind = 'video' AND c.ended_at IS NULL
  AND (c.platform_id = %(platform_id)s AND c.course = %(course)s OR s.content_id IS NOT NULL)
GROUP BY c.content_id, v.body, v.changed_at ORDER BY v.changed_at DESC, c.content_id
