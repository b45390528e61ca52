-- What is older than the settings want is removed: each rule is one transaction, and where it gives a key, many: those behind
-- the last key, so many at a go. Nothing here is of use for planning.

-- name: statements
-- What sources had said of people whom they name no more.
DELETE FROM connector.statement WHERE site = %(site)s AND gone AND absent_since < %(before)s

-- name: staged
-- Rows of feeds that were refused.
DELETE FROM connector.staged s USING connector.feed f
WHERE f.feed_id = s.feed_id AND f.site = %(site)s AND f.status = 'refused' AND f.received_at < %(before)s

-- name: rejections
DELETE FROM connector.rejection r USING connector.feed f
WHERE f.feed_id = r.feed_id AND f.site = %(site)s AND f.received_at < %(before)s

-- name: users
-- Users whom identity systems deleted, once the way in knows it; who is named as a manager stays for those below.
DELETE FROM connector.scim_user u USING connector.scim_client c
WHERE c.client_id = u.client_id AND c.name = ANY(%(clients)s) AND u.gone_at < %(before)s AND u.changed <= c.taken
  AND NOT EXISTS (
      SELECT FROM connector.scim_user b WHERE b.client_id = u.client_id AND b.gone_at IS NULL AND u.user_id::text =
          b.document #>> '{urn:ietf:params:scim:schemas:extension:enterprise:2.0:User,manager,value}')

-- name: cases
-- Sentences of cases that are over. What was decided stays, so that nobody is asked again.
UPDATE connector."case" SET reason = '' WHERE site = %(site)s AND settled_at < %(before)s AND reason <> ''

-- name: papers
-- Certificates that had expired or were revoked before, and have a name still; made: a file of theirs was.
SELECT template, issued_on, number, sha256 IS NOT NULL AS made FROM connector.certificate
WHERE site = %(site)s AND name <> '' AND LEAST(expires_at, revoked_at) < %(before)s ORDER BY certificate_id

-- name: withdraw_papers
-- Before their files go: who asks for one meanwhile is told.
UPDATE connector.certificate SET file = 'refused', file_message = 'expired long ago'
WHERE site = %(site)s AND name <> '' AND LEAST(expires_at, revoked_at) < %(before)s

-- name: blank_papers
-- Neither the name nor the code by which a file could be made; the code's hash tells whoever asks that it is over. One
-- whose file somebody made anew just now keeps its name, and with it the file is found by the next run.
UPDATE connector.certificate SET name = '', code = '', sha256 = NULL, evidence = NULL
WHERE site = %(site)s AND name <> '' AND file = 'refused' AND LEAST(expires_at, revoked_at) < %(before)s

-- name: history
-- What HR had said before.
DELETE FROM connector.person_event v USING connector.person p
WHERE p.person_id = v.person_id AND p.site = %(site)s AND v.at < %(before)s

-- name: changes
-- Before-images of plans that are over. By those of released identifiers people get theirs back, and they stay.
UPDATE connector.change c SET before = '{}', after = '{}', reason = '', digest = ''
FROM connector.plan p
WHERE p.number = c.plan AND p.site = %(site)s AND p.status IN ('applied', 'superseded') AND p.created_at < %(before)s
  AND c.digest <> '' AND c.action <> 'release_identity'
  AND NOT EXISTS (SELECT FROM connector.operation o
                  WHERE o.plan = c.plan AND o.ordinal = c.ordinal AND o.state IN ('sent', 'waiting'))

-- name: operations
-- What Moodle answered to them.
UPDATE connector.operation o SET message = '', before = ''
FROM connector.run r
WHERE r.run_id = o.run_id AND r.site = %(site)s AND o.state IN ('done', 'refused') AND o.finished_at < %(before)s
  AND (o.message, o.before) <> ('', '')

-- name: set_aside
-- Records of former systems of whom HR has named nobody all the while.
DELETE FROM connector.import_record r USING connector.import_batch i
WHERE i.import_id = r.import_id AND i.site = %(site)s AND i.imported_at < %(before)s AND r.person_id IS NULL
  AND NOT EXISTS (SELECT FROM connector.whose_record w WHERE w.import_id = r.import_id AND w.line = r.line)

-- name: import_rejections
DELETE FROM connector.import_rejection r USING connector.import_batch i
WHERE i.import_id = r.import_id AND i.site = %(site)s AND i.imported_at < %(before)s

-- name: due_notices
-- Of due dates that are over.
DELETE FROM connector.due_notice
WHERE site = %(site)s AND state IN ('done', 'refused', 'over') AND due_on < %(before)s::timestamptz::date
  AND COALESCE(told_at, noted_at) < %(before)s

-- name: handed_in
-- What is not marked yet stays, and so it is seen what there is to mark, but for what was discarded; so does what a certificate
-- rests on that held since.
SELECT v.file_id, v.place FROM connector.evidence v
JOIN connector.attempt a USING (attempt_id)
JOIN connector.content c USING (content_id)
WHERE c.site = %(site)s AND COALESCE(a.discarded_at, a.submitted_at) < %(before)s
  AND NOT EXISTS (SELECT FROM connector.certificate k
                  WHERE k.site = c.site AND k.deed = 'attempt ' || a.attempt_id
                    AND COALESCE(LEAST(k.expires_at, k.revoked_at), 'infinity') >= %(before)s)
  AND (a.discarded_at IS NOT NULL
       OR EXISTS (SELECT FROM connector.mark m WHERE m.attempt_id = v.attempt_id AND m.question_id = v.question_id))
ORDER BY v.file_id

-- name: comments
-- But for those on which a certificate rests.
UPDATE connector.mark SET comment = '' WHERE mark_id IN (
    SELECT m.mark_id FROM connector.mark m
    JOIN connector.attempt a USING (attempt_id) JOIN connector.content c USING (content_id)
    WHERE m.mark_id > %(after)s AND c.site = %(site)s AND a.submitted_at < %(before)s AND m.comment <> ''
      AND NOT EXISTS (SELECT FROM connector.certificate k
                      WHERE k.site = c.site AND k.deed = 'attempt ' || a.attempt_id
                        AND COALESCE(LEAST(k.expires_at, k.revoked_at), 'infinity') >= %(before)s)
    ORDER BY m.mark_id LIMIT %(most)s)
RETURNING mark_id AS key

-- name: discards
-- Why attempts were discarded; that they were, when and by whom stays.
UPDATE connector.attempt SET discarded_why = '' WHERE attempt_id IN (
    SELECT a.attempt_id FROM connector.attempt a JOIN connector.content c USING (content_id)
    WHERE a.attempt_id > %(after)s AND c.site = %(site)s AND a.discarded_at < %(before)s AND a.discarded_why <> ''
    ORDER BY a.attempt_id LIMIT %(most)s)
RETURNING attempt_id AS key

-- name: attempts
-- What was answered goes, and the attempt with its result stays: but for what waits to be marked or to be told, and what a
-- certificate rests on that held since. Of what was discarded nothing waits to be marked.
WITH old AS (
    UPDATE connector.attempt SET archived = true WHERE attempt_id IN (
        SELECT a.attempt_id FROM connector.attempt a JOIN connector.content c USING (content_id)
        WHERE a.attempt_id > %(after)s AND c.site = %(site)s AND NOT a.archived
          AND CASE WHEN a.discarded_at IS NOT NULL THEN a.discarded_at < %(before)s
                   ELSE a.submitted_at < %(before)s AND (a.trial OR a.percent IS NOT NULL) AND a.settled_at IS NOT NULL END
          AND NOT EXISTS (SELECT FROM connector.learning_event e WHERE e.attempt_id = a.attempt_id)
          AND NOT EXISTS (SELECT FROM connector.certificate k
                          WHERE k.site = c.site AND k.deed = 'attempt ' || a.attempt_id
                            AND COALESCE(LEAST(k.expires_at, k.revoked_at), 'infinity') >= %(before)s)
        ORDER BY a.attempt_id LIMIT %(most)s
        FOR UPDATE OF a)
    RETURNING attempt_id
), gone AS (
    DELETE FROM connector.answer w USING old o WHERE w.attempt_id = o.attempt_id
)
SELECT attempt_id AS key FROM old

-- name: viewings
-- Which pieces were watched, how often and where somebody was, and what was written; how much it was, in all, and how much of
-- the answers was right stays. Those on which a certificate rests stay as they are.
UPDATE connector.viewing w
SET watched = '[]', heat = '[]', position = 0, credit = 0,
    answers = (SELECT COALESCE(jsonb_object_agg(a.key, a.value - 'text' - 'chosen'), '{}') FROM jsonb_each(w.answers) a)
WHERE w.view_id IN (
    SELECT o.view_id FROM connector.viewing o JOIN connector.content c USING (content_id)
    WHERE o.view_id > %(after)s AND c.site = %(site)s AND NOT o.trial AND NOT o.untold AND o.reported_at < %(before)s
      AND (o.heat <> '[]' OR jsonb_path_exists(o.answers, '$.*.text') OR jsonb_path_exists(o.answers, '$.*.chosen'))
      AND NOT EXISTS (SELECT FROM connector.certificate k
                      WHERE k.site = c.site AND k.deed = 'viewing ' || o.view_id
                        AND COALESCE(LEAST(k.expires_at, k.revoked_at), 'infinity') >= %(before)s)
    ORDER BY o.view_id LIMIT %(most)s
    FOR UPDATE OF o)
RETURNING w.view_id AS key

-- name: watched_on_trial
DELETE FROM connector.viewing WHERE view_id IN (
    SELECT w.view_id FROM connector.viewing w JOIN connector.content c USING (content_id)
    WHERE w.view_id > %(after)s AND c.site = %(site)s AND w.trial AND w.reported_at < %(before)s
    ORDER BY w.view_id LIMIT %(most)s)
RETURNING view_id AS key

-- name: sessions
DELETE FROM connector.console_session WHERE seen_at < %(before)s

-- name: tries
DELETE FROM connector.console_try WHERE failed_at < %(before)s

-- name: leavers
-- Who has left so long ago, and is not erased yet.
SELECT p.key FROM connector.person p
WHERE p.site = %(site)s AND p.left_on < %(before)s::timestamptz::date
  AND connector.employment_status(p, %(now)s, 0) = 'left' AND NOT p.another AND p.moved_to IS NULL
  AND NOT EXISTS (SELECT FROM connector.erasure e WHERE e.site = p.site AND p.person_id = ANY(e.person_ids)
                  AND starts_with(p.key, e.pseudonym))
ORDER BY p.key
