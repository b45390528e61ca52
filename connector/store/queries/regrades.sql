-- name: banks
-- From which banks attempts of a course were drawn.
SELECT DISTINCT b.bank FROM connector.attempt a, jsonb_object_keys(a.marked_banks) AS b (bank)
WHERE a.content_id = %(content_id)s AND a.platform_id = %(platform_id)s AND a.course = %(course)s AND NOT a.trial
  AND a.discarded_at IS NULL

-- name: old
-- How many submitted attempts of a course are marked by earlier versions; of whoever was erased, or what was archived, nothing
-- is left by which to mark, and what was discarded counts nowhere.
SELECT count(*) AS attempts FROM connector.attempt a
WHERE a.content_id = %(content_id)s AND a.platform_id = %(platform_id)s AND a.course = %(course)s AND NOT a.trial
  AND a.submitted_at IS NOT NULL AND NOT a.archived AND a.discarded_at IS NULL
  AND (a.marked_version < %(version)s
       OR EXISTS (SELECT FROM jsonb_each(a.marked_banks) b WHERE %(banks)s::jsonb -> b.key > b.value))
  AND NOT EXISTS (SELECT FROM connector.erasure e WHERE a.person_id = ANY(e.person_ids))

-- name: keep_off
-- Nobody asks for a regrade while a result is found here: it is found before, and marked anew, or by what was asked for.
SELECT pg_advisory_xact_lock_shared(
    hashtextextended(concat_ws(' ', 'regrade', %(content_id)s::text, %(platform_id)s::text, %(course)s::text), 0)
)

-- name: last_of
-- By what a course was last to be marked.
SELECT version, banks FROM connector.regrade
WHERE content_id = %(content_id)s AND platform_id = %(platform_id)s AND course = %(course)s
ORDER BY regrade_id DESC LIMIT 1

-- name: wait
-- For all who find a result in this course now.
SELECT pg_advisory_xact_lock(
    hashtextextended(concat_ws(' ', 'regrade', %(content_id)s::text, %(platform_id)s::text, %(course)s::text), 0)
)

-- name: supersede
-- What was asked for by other versions ends: what it has left is marked by what is asked for now. Before anything else is locked,
-- as whoever marks by it locks it before versions.
UPDATE connector.regrade SET ended_at = %(now)s
WHERE content_id = %(content_id)s AND platform_id = %(platform_id)s AND course = %(course)s AND ended_at IS NULL
  AND (version, banks) IS DISTINCT FROM (%(version)s, %(banks)s::jsonb)

-- name: ask
-- Nobody asks twice at once; whoever does it is woken once this is committed.
WITH asked AS (
    INSERT INTO connector.regrade (content_id, platform_id, course, version, banks, asked_by, reason, asked_at, attempts)
    VALUES (%(content_id)s, %(platform_id)s, %(course)s, %(version)s, %(banks)s, %(by)s, %(reason)s, %(now)s, %(attempts)s)
    ON CONFLICT DO NOTHING
    RETURNING regrade_id
)
SELECT pg_notify('connector_regrade', %(site)s) FROM asked

-- name: of_course
-- Those of some content in a course, the newest first, and whether scores wait that came meanwhile for people who took it there.
WITH waiting AS MATERIALIZED (
    SELECT s.made_at FROM connector.lti_score s
    WHERE s.state = 'waiting' AND s.platform_id = %(platform_id)s
      AND EXISTS (SELECT FROM connector.attempt a
                  WHERE a.content_id = %(content_id)s AND a.platform_id = s.platform_id AND a.course = %(course)s
                    AND a.subject = s.subject AND a.line_item = s.line_item AND NOT a.trial)
)
SELECT r.regrade_id, r.content_id, r.platform_id, r.course, r.version, r.banks, r.asked_by, r.reason, r.asked_at, r.attempts,
       r.done, r.changed, r.ended_at,
       EXISTS (SELECT FROM waiting w
               WHERE w.made_at BETWEEN r.asked_at AND COALESCE(r.ended_at, 'infinity')) AS sending
FROM connector.regrade r
WHERE r.content_id = %(content_id)s AND r.platform_id = %(platform_id)s AND r.course = %(course)s
ORDER BY r.regrade_id DESC LIMIT %(most)s

-- name: under_way
SELECT r.regrade_id, r.content_id, r.platform_id, r.course, r.version, r.banks, r.asked_by, r.reason, r.asked_at, r.attempts,
       r.done, r.changed, r.ended_at
FROM connector.regrade r JOIN connector.content c USING (content_id)
WHERE c.site = %(site)s AND r.ended_at IS NULL
ORDER BY r.regrade_id

-- name: left
-- As "old" has them, behind some.
SELECT a.* FROM connector.regrade r
JOIN connector.attempt a ON a.content_id = r.content_id AND a.platform_id = r.platform_id AND a.course = r.course
WHERE r.regrade_id = %(regrade_id)s AND r.ended_at IS NULL AND NOT a.trial AND NOT a.archived AND a.submitted_at IS NOT NULL
  AND a.discarded_at IS NULL AND a.attempt_id > %(behind)s
  AND (a.marked_version < r.version
       OR EXISTS (SELECT FROM jsonb_each(a.marked_banks) b WHERE r.banks -> b.key > b.value))
  AND NOT EXISTS (SELECT FROM connector.erasure e WHERE a.person_id = ANY(e.person_ids))
ORDER BY a.attempt_id LIMIT %(most)s

-- name: count
-- So far it is; "reached" is for processes of earlier releases, which begin behind it.
UPDATE connector.regrade
SET reached = GREATEST(reached, %(reached)s), done = done + %(done)s, changed = changed + %(changed)s
WHERE regrade_id = %(regrade_id)s AND ended_at IS NULL

-- name: end
UPDATE connector.regrade SET ended_at = %(now)s WHERE regrade_id = %(regrade_id)s AND ended_at IS NULL
