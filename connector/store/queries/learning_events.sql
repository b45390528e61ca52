-- name: tell
-- Put an event on its way to the facts, and say so to whoever takes it there, and to pages that are to hear of it.
WITH told AS (
    INSERT INTO connector.learning_event
        (site, at, verb, platform_id, course, link, subject, person_id, content, attempt_id, object, result)
    VALUES (%(site)s, %(at)s, %(verb)s, %(platform_id)s, %(course)s, %(link)s, %(subject)s, %(person_id)s, %(content)s,
            %(attempt_id)s, %(object)s, %(result)s)
    RETURNING site
)
SELECT pg_notify('connector_learning', site) FROM told
UNION ALL SELECT pg_notify('connector_live', word) FROM unnest(%(words)s::text[]) AS word

-- name: next
-- Those that have waited longest. They are taken away once they are facts: what is there has not been carried, whatever its
-- number, so that one that was told earlier and committed later is found all the same. Those of attempts that could not be
-- carried in this run wait for the next.
SELECT e.event_id, e.at, e.verb, p.issuer AS platform, e.course, e.link, e.person_id, e.content, e.attempt_id, e.object, e.result
FROM connector.learning_event e JOIN connector.lti_platform p USING (platform_id)
WHERE e.site = %(site)s AND (e.attempt_id IS NULL OR e.attempt_id <> ALL(%(without)s::bigint[]))
ORDER BY e.event_id LIMIT %(most)s

-- name: tried
-- Attempts as they stand, with what was answered and the last mark of each question.
SELECT a.attempt_id, a.number, p.issuer AS platform, a.course, a.link, a.person_id, a.content_id, a.version, a.banks,
       a.marked_version, a.marked_banks, a.paper, a.started_at, a.submitted_at, a.percent, a.passed, a.discarded_at,
       (SELECT f.attempt_id FROM connector.attempt f
        WHERE f.content_id = a.content_id AND f.platform_id = a.platform_id AND f.link = a.link AND f.subject = a.subject
        ORDER BY f.number LIMIT 1) AS series,
       (SELECT COALESCE(jsonb_agg(jsonb_build_object('question_id', q.question_id, 'said', q.said, 'saved_at', q.saved_at,
                                                     'share', q.share, 'files', q.files)), '[]')
        FROM (SELECT question_id, s.said, s.saved_at, m.share, COALESCE(h.files, '[]') AS files
              FROM (SELECT * FROM connector.answer WHERE attempt_id = a.attempt_id) s
              FULL JOIN (SELECT question_id, jsonb_agg(file_id) AS files FROM connector.evidence
                         WHERE attempt_id = a.attempt_id GROUP BY question_id) h USING (question_id)
              FULL JOIN (SELECT DISTINCT ON (question_id) question_id, share FROM connector.mark
                         WHERE attempt_id = a.attempt_id ORDER BY question_id, mark_id DESC) m USING (question_id)) q) AS said
FROM connector.attempt a JOIN connector.lti_platform p USING (platform_id)
WHERE p.site = %(site)s AND a.attempt_id = ANY(%(attempt_ids)s)

-- name: named
-- Content with its title as it is now, whether it was ended or not.
SELECT c.content_id::text AS content, c.kind, v.body -> 'title' AS title, v.version
FROM connector.content c
JOIN LATERAL (SELECT * FROM connector.content_version v WHERE v.content_id = c.content_id
              ORDER BY v.version DESC LIMIT 1) v ON true
WHERE c.site = %(site)s AND c.content_id = ANY(%(ids)s)

-- name: carried
DELETE FROM connector.learning_event WHERE event_id = ANY(%(event_ids)s)
