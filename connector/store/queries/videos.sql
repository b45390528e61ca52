-- name: media
SELECT media_id, platform_id, course, name, size, state, upload, progress, reference, failure, tries, made
FROM connector.media WHERE site = %(site)s AND media_id = %(media_id)s

-- name: unfinished
-- An upload of the same file by the same person in the same course, that was broken off and is taken up again: it is not given up.
UPDATE connector.media SET changed_at = %(now)s
WHERE media_id = (SELECT media_id FROM connector.media
                  WHERE site = %(site)s AND platform_id = %(platform_id)s AND course = %(course)s AND made_by = %(by)s
                    AND name = %(name)s AND size = %(size)s AND state = 'uploading'
                  ORDER BY made_at DESC LIMIT 1)
RETURNING media_id, platform_id, course, name, size, state, upload, progress, reference, failure, tries, made

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
RETURNING platform_id, course, progress AS share

-- name: put_back
-- The process was told to end: what it was at goes on as if it had not been begun.
UPDATE connector.media SET tries = tries - 1 WHERE media_id = %(media_id)s AND state = 'working'

-- name: ready
UPDATE connector.media SET state = 'ready', progress = 1, reference = '', failure = NULL, made = %(made)s, changed_at = %(now)s
WHERE media_id = %(media_id)s
RETURNING platform_id, course, progress AS share

-- name: failed
WITH gone AS (DELETE FROM connector.media_part WHERE media_id = %(media_id)s)
UPDATE connector.media SET state = 'failed', upload = '', reference = '', failure = %(failure)s, changed_at = %(now)s
WHERE media_id = %(media_id)s
RETURNING platform_id, course, progress AS share

-- name: abandoned
SELECT media_id, platform_id, course, name, size, state, upload, progress, reference, failure, tries, made
FROM connector.media WHERE site = %(site)s AND state = 'uploading' AND changed_at < %(before)s

-- name: forget
DELETE FROM connector.media WHERE media_id = %(media_id)s AND state = 'uploading'

-- name: open
-- The viewing of somebody; who learns and tries it out, too, has one for each. Time in which it was not open gives no credit,
-- but for a little. Who has completed it and has another version of the lesson now may have earned what that gives: whoever
-- issues certificates is woken. The version is used from now on.
WITH used AS (
    UPDATE connector.content_version SET used = true
    WHERE content_id = %(content_id)s AND version = %(version)s AND NOT used
), known AS (
    SELECT v.view_id, v.version FROM connector.viewing v
    WHERE v.content_id = %(content_id)s AND v.media_id = %(media_id)s AND v.platform_id = %(platform_id)s
      AND v.link = %(link)s AND v.subject = %(subject)s AND v.trial = %(trial)s
), opened AS (
    INSERT INTO connector.viewing (content_id, version, media_id, platform_id, course, link, link_title, subject, person_id,
                                   name, line_item, trial, began_at, reported_at, credit)
    VALUES (%(content_id)s, %(version)s, %(media_id)s, %(platform_id)s, %(course)s, %(link)s, %(link_title)s, %(subject)s,
            %(person_id)s, %(name)s, %(line_item)s, %(trial)s, %(now)s, %(now)s, %(slack)s)
    ON CONFLICT (content_id, media_id, platform_id, link, subject, trial) DO UPDATE
    SET version = excluded.version, course = excluded.course, person_id = excluded.person_id, name = excluded.name,
        link_title = COALESCE(NULLIF(excluded.link_title, ''), viewing.link_title), line_item = excluded.line_item,
        reported_at = excluded.reported_at,
        credit = LEAST(viewing.credit + extract(epoch FROM excluded.reported_at - viewing.reported_at), excluded.credit)
    RETURNING *
)
SELECT o.view_id, o.version, o.watched, o.heat, o.position, o.share, o.answers, o.reported_at, o.credit, o.completed_at, o.name,
       NOT EXISTS (SELECT FROM known) AS new,
       (SELECT pg_notify('connector_passed', c.site) FROM known k JOIN connector.content c ON c.content_id = o.content_id
        WHERE k.version <> o.version AND o.completed_at IS NOT NULL AND o.person_id IS NOT NULL AND NOT o.trial) AS woken
FROM opened o

-- name: note_unused
-- Since when no lesson has a video, in its newest version: one that was replaced is not needed once the other is ready.
WITH newest AS (
    SELECT v.body ->> 'media_id' AS media_id, v.body ->> 'coming' AS coming
    FROM connector.content c
    JOIN LATERAL (SELECT * FROM connector.content_version v WHERE v.content_id = c.content_id
                  ORDER BY v.version DESC LIMIT 1) v ON true
    WHERE c.site = %(site)s AND c.kind = 'video' AND c.ended_at IS NULL
), used AS (
    SELECT coming AS media_id FROM newest
    UNION
    SELECT n.media_id FROM newest n
    WHERE NOT EXISTS (SELECT FROM connector.media o WHERE o.media_id::text = n.coming AND o.state = 'ready')
)
UPDATE connector.media m SET unused_since = CASE WHEN u.media_id IS NULL THEN %(now)s::timestamptz END
FROM connector.media o LEFT JOIN used u ON u.media_id = o.media_id::text
WHERE o.media_id = m.media_id AND m.site = %(site)s AND (u.media_id IS NULL) <> (m.unused_since IS NOT NULL)

-- name: remove_unused
-- What is under way waits until it has ended; uploads that were broken off go by themselves.
UPDATE connector.media m SET state = 'removing', changed_at = %(now)s
WHERE m.site = %(site)s AND m.state IN ('ready', 'failed') AND m.unused_since < %(before)s
  AND NOT EXISTS (SELECT FROM connector.viewing w WHERE w.media_id = m.media_id AND w.reported_at >= %(before)s)

-- name: removing
SELECT media_id, platform_id, course, name, size, state, upload, progress, reference, failure, tries, made
FROM connector.media WHERE site = %(site)s AND state = 'removing' ORDER BY media_id

-- name: removed
UPDATE connector.media SET state = 'removed', made = NULL, original = false WHERE media_id = %(media_id)s AND state = 'removing'

-- name: originals
SELECT media_id, platform_id, course, name, size, state, upload, progress, reference, failure, tries, made
FROM connector.media
WHERE site = %(site)s AND state IN ('ready', 'failed') AND original AND changed_at < %(before)s ORDER BY media_id

-- name: original_is_gone
UPDATE connector.media SET original = false WHERE media_id = %(media_id)s

-- name: use
-- By how many people a lesson was begun, and in how many courses.
SELECT count(DISTINCT (w.platform_id, w.subject)) AS people, count(DISTINCT (w.platform_id, w.course)) AS courses
FROM connector.viewing w WHERE w.content_id = %(content_id)s AND NOT w.trial

-- name: viewing
-- As it is now.
SELECT view_id, version, watched, heat, position, share, answers, reported_at, credit, completed_at, name
FROM connector.viewing
WHERE content_id = %(content_id)s AND media_id = %(media_id)s AND platform_id = %(platform_id)s AND link = %(link)s
  AND subject = %(subject)s AND trial = %(trial)s

-- name: lock_viewing
SELECT view_id, version, watched, heat, position, share, answers, reported_at, credit, completed_at, name
FROM connector.viewing
WHERE content_id = %(content_id)s AND media_id = %(media_id)s AND platform_id = %(platform_id)s AND link = %(link)s
  AND subject = %(subject)s AND trial = %(trial)s
FOR UPDATE

-- name: alter_viewing
-- Where somebody who is known has completed it, whoever issues certificates is woken.
WITH altered AS (
    UPDATE connector.viewing v
    SET watched = %(watched)s, heat = %(heat)s, position = %(position)s, share = %(share)s, answers = %(answers)s,
        reported_at = %(reported_at)s, credit = %(credit)s, completed_at = %(completed_at)s,
        untold = COALESCE(%(untold)s, v.untold)
    FROM (SELECT view_id, completed_at FROM connector.viewing WHERE view_id = %(view_id)s) b
    WHERE v.view_id = b.view_id
    RETURNING v.content_id,
              v.completed_at IS NOT NULL AND b.completed_at IS NULL AND v.person_id IS NOT NULL AND NOT v.trial AS counts
)
SELECT pg_notify('connector_passed', c.site) FROM altered a JOIN connector.content c USING (content_id) WHERE a.counts

-- name: left
-- Viewings of learners of which more was watched than was told, and nothing has come since; nobody else takes them meanwhile.
SELECT w.view_id, w.watched, w.position, w.reported_at, w.platform_id, w.course, w.link, w.subject, w.person_id,
       w.content_id::text AS content
FROM connector.viewing w JOIN connector.content c USING (content_id)
WHERE c.site = %(site)s AND w.untold AND w.reported_at < %(before)s
ORDER BY w.reported_at LIMIT %(most)s
FOR UPDATE OF w SKIP LOCKED

-- name: told
UPDATE connector.viewing SET untold = false WHERE view_id = ANY(%(view_ids)s)

-- name: audience
-- How many have watched in a course, each once, though they did in several activities; but for those who have tried it out.
SELECT count(DISTINCT subject) AS people, count(DISTINCT subject) FILTER (WHERE completed_at IS NOT NULL) AS completed,
       count(*) AS viewings
FROM connector.viewing
WHERE content_id = %(content_id)s AND media_id = %(media_id)s AND platform_id = %(platform_id)s AND course = %(course)s
  AND NOT trial

-- name: heats
-- What was watched by those of them who watched last.
SELECT heat FROM connector.viewing
WHERE content_id = %(content_id)s AND media_id = %(media_id)s AND platform_id = %(platform_id)s AND course = %(course)s
  AND NOT trial
ORDER BY reported_at DESC LIMIT %(most)s

-- name: activities
-- In which activities of a course it was watched, what was begun first first, and what each was called last.
SELECT link, COALESCE((array_agg(link_title ORDER BY view_id DESC) FILTER (WHERE link_title <> ''))[1], '') AS title
FROM connector.viewing
WHERE content_id = %(content_id)s AND media_id = %(media_id)s AND platform_id = %(platform_id)s AND course = %(course)s
  AND NOT trial
GROUP BY link ORDER BY min(view_id)

-- name: of_course
-- Who has watched how much in each activity of a course, but for those who have tried it out: so many, behind the first.
SELECT view_id, version, watched, heat, position, share, answers, reported_at, credit, completed_at, name, link
FROM connector.viewing
WHERE content_id = %(content_id)s AND media_id = %(media_id)s AND platform_id = %(platform_id)s AND course = %(course)s
  AND NOT trial
ORDER BY name, view_id LIMIT %(most)s OFFSET %(first)s

-- name: in_course
-- How lessons were watched that have an activity in a course, or were watched there; of several videos of a lesson the most counts.
WITH seen AS (
    SELECT w.content_id, max(w.share) AS share, bool_or(w.completed_at IS NOT NULL) AS completed
    FROM connector.viewing w WHERE w.platform_id = %(platform_id)s AND w.course = %(course)s AND NOT w.trial
    GROUP BY w.content_id, w.subject
), told AS (
    SELECT content_id, count(*) AS people, count(*) FILTER (WHERE completed) AS completed, avg(share) AS share
    FROM seen GROUP BY content_id
)
SELECT c.content_id, v.body -> 'title' AS title, COALESCE(t.people, 0) AS people, COALESCE(t.completed, 0) AS completed, t.share
FROM connector.content c
LEFT JOIN told t ON t.content_id = c.content_id
JOIN LATERAL (SELECT * FROM connector.content_version v WHERE v.content_id = c.content_id
              ORDER BY v.version DESC LIMIT 1) v ON true
WHERE c.kind = 'video' AND c.ended_at IS NULL
  AND (t.content_id IS NOT NULL
       OR c.content_id IN (SELECT p.content_id FROM connector.placement p
                           WHERE p.platform_id = %(platform_id)s AND p.course = %(course)s))
ORDER BY v.changed_at DESC, c.content_id
