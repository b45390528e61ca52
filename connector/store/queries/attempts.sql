-- name: of
-- What somebody has tried of some content in an activity, as a learner or to see how it is, in order.
SELECT * FROM connector.attempt
WHERE content_id = %(content_id)s AND platform_id = %(platform_id)s AND link = %(link)s AND subject = %(subject)s
  AND trial = %(trial)s AND discarded_at IS NULL
ORDER BY number

-- name: lock_of
-- The same, and nobody finds a result of these, or discards any, meanwhile.
SELECT * FROM connector.attempt
WHERE content_id = %(content_id)s AND platform_id = %(platform_id)s AND link = %(link)s AND subject = %(subject)s
  AND trial = %(trial)s AND discarded_at IS NULL
ORDER BY number
FOR UPDATE

-- name: discarded
-- What was discarded in a course, the newest first.
SELECT * FROM connector.attempt
WHERE content_id = %(content_id)s AND platform_id = %(platform_id)s AND course = %(course)s AND discarded_at IS NOT NULL
ORDER BY discarded_at DESC, attempt_id DESC LIMIT %(most)s

-- name: discarded_of
SELECT * FROM connector.attempt
WHERE content_id = %(content_id)s AND platform_id = %(platform_id)s AND link = %(link)s AND subject = %(subject)s
  AND discarded_at IS NOT NULL
ORDER BY number

-- name: discard
-- It counts no more, but of whoever was erased; where what is left of somebody who is known is a pass, whoever issues
-- certificates is woken.
WITH discarded AS (
    UPDATE connector.attempt a SET discarded_at = %(at)s, discarded_by = %(by)s, discarded_why = %(why)s
    WHERE a.attempt_id = %(attempt_id)s AND NOT a.trial AND a.discarded_at IS NULL
      AND NOT EXISTS (SELECT FROM connector.erasure e WHERE a.person_id = ANY(e.person_ids))
    RETURNING a.content_id, %(earns)s AND a.person_id IS NOT NULL AS earns
)
SELECT CASE WHEN d.earns THEN pg_notify('connector_passed', c.site) END
FROM discarded d JOIN connector.content c USING (content_id)

-- name: one
SELECT a.* FROM connector.attempt a JOIN connector.content c USING (content_id)
WHERE c.site = %(site)s AND a.attempt_id = %(attempt_id)s

-- name: results
-- What everybody in a course has tried who learns there, without what was asked, and by which rule it is marked. Of
-- whoever was erased, as of what was archived, there is nothing left by which to mark. What of a rule cannot be read is as
-- if nothing had been said.
WITH rule AS MATERIALIZED (
    SELECT v.version, CASE WHEN v.body ->> 'policy' IN ('last', 'average') THEN v.body ->> 'policy' ELSE 'best' END AS policy,
           COALESCE(jsonb_path_query_first(
               v.body, 'strict $.pass_mark ? (@.type() == "number" && @ >= 0 && @ <= 100)', silent => true
           )::double precision, 80) AS pass_mark
    FROM connector.content_version v
    WHERE v.content_id = %(content_id)s
      AND v.version IN (SELECT a.marked_version FROM connector.attempt a
                        WHERE a.content_id = %(content_id)s AND a.platform_id = %(platform_id)s AND a.course = %(course)s)
)
SELECT a.attempt_id, a.link, a.subject, a.person_id, a.number, a.started_at, a.submitted_at, a.percent, a.passed,
       a.archived OR COALESCE(a.person_id IN (SELECT unnest(e.person_ids) FROM connector.erasure e), false) AS archived,
       a.link_title, r.policy, r.pass_mark
FROM connector.attempt a JOIN rule r ON r.version = a.marked_version
WHERE a.content_id = %(content_id)s AND a.platform_id = %(platform_id)s AND a.course = %(course)s AND NOT a.trial
  AND a.discarded_at IS NULL
ORDER BY a.link COLLATE "C", a.subject COLLATE "C", a.number

-- name: scored
-- The newest that were marked and whose answers are kept, of those who learn in a course.
SELECT a.* FROM connector.attempt a
WHERE a.content_id = %(content_id)s AND a.platform_id = %(platform_id)s AND a.course = %(course)s AND NOT a.trial
  AND a.percent IS NOT NULL AND NOT a.archived AND a.discarded_at IS NULL
ORDER BY a.attempt_id DESC LIMIT %(most)s

-- name: start
-- The next attempt, unless more count than there were, or one is open. No number is given twice.
INSERT INTO connector.attempt
    (content_id, version, banks, marked_version, marked_banks, paper, platform_id, course, link, subject, person_id,
     trial, number, line_item, link_title, launched_at, started_at)
SELECT %(content_id)s, %(version)s, %(banks)s, %(version)s, %(banks)s, %(paper)s, %(platform_id)s, %(course)s, %(link)s,
       %(subject)s, %(person_id)s, %(trial)s, COALESCE(max(a.number), 0) + 1, %(line_item)s, %(link_title)s, %(launched_at)s,
       %(now)s
FROM connector.attempt a
WHERE a.content_id = %(content_id)s AND a.platform_id = %(platform_id)s AND a.link = %(link)s AND a.subject = %(subject)s
  AND a.trial = %(trial)s
HAVING count(*) FILTER (WHERE a.discarded_at IS NULL) <= %(after)s
ON CONFLICT DO NOTHING
RETURNING attempt_id

-- name: answers
-- What was answered in attempts, what was handed in, and the last mark of each question.
SELECT attempt_id, question_id, a.said, a.saved_at, COALESCE(e.files, '{}') AS files, m.share, m.comment
FROM (SELECT * FROM connector.answer WHERE attempt_id = ANY(%(attempt_ids)s)) a
FULL JOIN (SELECT attempt_id, question_id, array_agg(file_id::text ORDER BY added_at, file_id) AS files
           FROM connector.evidence WHERE attempt_id = ANY(%(attempt_ids)s)
           GROUP BY attempt_id, question_id) e USING (attempt_id, question_id)
FULL JOIN (SELECT DISTINCT ON (attempt_id, question_id) attempt_id, question_id, share, comment
           FROM connector.mark WHERE attempt_id = ANY(%(attempt_ids)s)
           ORDER BY attempt_id, question_id, mark_id DESC) m USING (attempt_id, question_id)

-- name: places
SELECT COALESCE(max(place), 0) AS place FROM connector.answer WHERE attempt_id = %(attempt_id)s

-- name: save
-- An answer, while the attempt is open; what was sent later is not put back by it. Gives what stands there.
WITH open AS (
    SELECT attempt_id FROM connector.attempt
    WHERE attempt_id = %(attempt_id)s AND submitted_at IS NULL AND discarded_at IS NULL
      AND (ends_at IS NULL OR ends_at > %(by)s)
    FOR SHARE
), put AS (
    INSERT INTO connector.answer AS a (attempt_id, question_id, said, place, saved_at)
    SELECT o.attempt_id, %(question_id)s, %(said)s, %(place)s, %(now)s FROM open o
    ON CONFLICT (attempt_id, question_id) DO UPDATE
    SET said = excluded.said, place = excluded.place, saved_at = excluded.saved_at
    WHERE a.place < excluded.place
    RETURNING place
)
SELECT EXISTS (SELECT FROM open) AS open, EXISTS (SELECT FROM put) AS new,
       COALESCE((SELECT place FROM put), (SELECT place FROM connector.answer
                                          WHERE attempt_id = %(attempt_id)s AND question_id = %(question_id)s)) AS place

-- name: evidence
SELECT file_id, attempt_id, question_id, name, media_type, size, place, added_at FROM connector.evidence
WHERE attempt_id = %(attempt_id)s ORDER BY added_at, file_id

-- name: handed_in
-- Bytes that are kept of a person.
SELECT COALESCE(sum(e.size), 0)::bigint AS size FROM connector.evidence e JOIN connector.attempt a USING (attempt_id)
WHERE a.platform_id = %(platform_id)s AND a.subject = %(subject)s

-- name: lock_evidence
-- Files of one person come one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('evidence ' || %(platform_id)s || ' ' || %(subject)s, 0))

-- name: hand_in
-- A file for a question of an attempt that is open and has not too many for it, of a person with room for it.
INSERT INTO connector.evidence (file_id, attempt_id, question_id, name, media_type, size, place, added_at)
SELECT %(file_id)s, a.attempt_id, %(question_id)s, %(name)s, %(media_type)s, %(size)s, %(place)s, %(added_at)s
FROM (SELECT attempt_id FROM connector.attempt
      WHERE attempt_id = %(attempt_id)s AND submitted_at IS NULL AND discarded_at IS NULL
        AND (ends_at IS NULL OR ends_at > %(by)s)
      FOR UPDATE) a
WHERE (SELECT count(*) FROM connector.evidence e
       WHERE e.attempt_id = a.attempt_id AND e.question_id = %(question_id)s) < %(most)s
  AND (SELECT COALESCE(sum(e.size), 0) FROM connector.evidence e JOIN connector.attempt o USING (attempt_id)
       WHERE o.platform_id = %(platform_id)s AND o.subject = %(subject)s) + %(size)s <= %(room)s

-- name: take_back
DELETE FROM connector.evidence e USING connector.attempt a
WHERE e.attempt_id = %(attempt_id)s AND e.file_id = %(file_id)s AND a.attempt_id = e.attempt_id AND a.submitted_at IS NULL
  AND a.discarded_at IS NULL
RETURNING e.file_id, e.attempt_id, e.question_id, e.name, e.media_type, e.size, e.place, e.added_at

-- name: submit
-- Once: who comes second finds it submitted. What was on its way when the time was over is no later than that. By the
-- clock only where the time was over ``before``, as it is in this moment: more may have been allowed since it was looked up.
UPDATE connector.attempt SET submitted_at = LEAST(%(now)s::timestamptz, ends_at)
WHERE attempt_id = %(attempt_id)s AND submitted_at IS NULL AND discarded_at IS NULL
  AND (%(before)s::timestamptz IS NULL OR ends_at <= %(before)s)

-- name: settle
-- Keep what it has come to, and by which versions; where what counts of somebody who is known is a pass, whoever issues
-- certificates is woken.
WITH settled AS (
    UPDATE connector.attempt
    SET percent = %(percent)s, passed = %(passed)s, settled_at = %(now)s,
        marked_version = %(version)s, marked_banks = %(banks)s
    WHERE attempt_id = %(attempt_id)s AND NOT archived AND discarded_at IS NULL
    RETURNING content_id, %(earns)s AND NOT trial AND person_id IS NOT NULL AS counts
)
SELECT pg_notify('connector_passed', c.site) FROM settled s JOIN connector.content c USING (content_id) WHERE s.counts

-- name: mark
-- A mark, after which the result is to be found anew; none where answers are not kept any more, or it counts nowhere.
WITH kept AS (
    UPDATE connector.attempt SET settled_at = NULL
    WHERE attempt_id = %(attempt_id)s AND NOT archived AND discarded_at IS NULL
    RETURNING attempt_id
)
INSERT INTO connector.mark (attempt_id, question_id, share, comment, marked_by, marked_at)
SELECT attempt_id, %(question_id)s, %(share)s, %(comment)s, %(by)s, %(at)s FROM kept

-- name: marks
SELECT question_id, share, comment, marked_by AS by, marked_at AS at FROM connector.mark
WHERE attempt_id = %(attempt_id)s ORDER BY mark_id

-- name: commented
-- Those of some attempts in which somebody has said something with the last mark of a question.
SELECT DISTINCT attempt_id
FROM (SELECT DISTINCT ON (attempt_id, question_id) attempt_id, comment FROM connector.mark
      WHERE attempt_id = ANY(%(attempt_ids)s)
      ORDER BY attempt_id, question_id, mark_id DESC) last
WHERE comment <> ''

-- name: unsettled
-- Attempts whose time is over, and those that were submitted and whose result was never found.
SELECT a.* FROM connector.attempt a JOIN connector.content c USING (content_id)
WHERE c.site = %(site)s AND a.settled_at IS NULL AND a.discarded_at IS NULL AND a.attempt_id > %(behind)s
  AND (a.submitted_at < %(before)s OR (a.submitted_at IS NULL AND a.ends_at < %(before)s))
ORDER BY a.attempt_id LIMIT %(most)s
