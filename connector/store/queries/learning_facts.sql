-- What happens in launched content, into the facts: each query may be run once more with the same values, and changes nothing.

-- name: content
INSERT INTO facts.dim_content AS c (content, kind, title, version)
VALUES (%(content)s, %(kind)s, %(title)s, %(version)s)
ON CONFLICT (content) DO UPDATE SET kind = excluded.kind, title = excluded.title, version = excluded.version
WHERE (c.kind, c.title, c.version) IS DISTINCT FROM (excluded.kind, excluded.title, excluded.version)

-- name: question
INSERT INTO facts.dim_question AS q (content, question_id, kind, question, weight)
VALUES (%(content)s, %(question_id)s, %(kind)s, %(question)s, %(weight)s)
ON CONFLICT (content, question_id) DO UPDATE
SET kind = excluded.kind, question = excluded.question, weight = excluded.weight
WHERE (q.kind, q.question, q.weight) IS DISTINCT FROM (excluded.kind, excluded.question, excluded.weight)

-- name: event
-- Once.
INSERT INTO facts.fact_learning_event
    (event_id, happened_at, verb, person_id, platform, course, course_id, link, content, attempt_id, object, percent, seconds,
     share, "position", length, observed_at)
VALUES (%(event_id)s, %(at)s, %(verb)s, %(person_id)s, %(platform)s, %(course)s, %(course_id)s, %(link)s, %(content)s,
        %(attempt_id)s, %(object)s, %(percent)s, %(seconds)s, %(share)s, %(position)s, %(length)s, %(now)s)
ON CONFLICT (event_id, happened_at) DO NOTHING

-- name: attempt
-- An attempt as it stands, in place of what was known of it.
INSERT INTO facts.fact_assessment_attempt
    (attempt_id, series, number, person_id, platform, course, course_id, link, content, version, started_at, submitted_at,
     percent, passed, discarded_at, observed_at)
VALUES (%(attempt_id)s, %(series)s, %(number)s, %(person_id)s, %(platform)s, %(course)s, %(course_id)s, %(link)s, %(content)s,
        %(version)s, %(started_at)s, %(submitted_at)s, %(percent)s, %(passed)s, %(discarded_at)s, %(now)s)
ON CONFLICT (attempt_id) DO UPDATE
SET series = excluded.series, number = excluded.number, person_id = excluded.person_id, platform = excluded.platform,
    course = excluded.course, course_id = excluded.course_id, link = excluded.link, content = excluded.content,
    version = excluded.version, started_at = excluded.started_at, submitted_at = excluded.submitted_at,
    percent = excluded.percent, passed = excluded.passed, discarded_at = excluded.discarded_at, observed_at = excluded.observed_at

-- name: no_responses
DELETE FROM facts.fact_question_response WHERE attempt_id = ANY(%(attempt_ids)s)

-- name: response
INSERT INTO facts.fact_question_response (attempt_id, question_id, place, answered_at, share, confidence, seconds)
VALUES (%(attempt_id)s, %(question_id)s, %(place)s, %(answered_at)s, %(share)s, %(confidence)s, %(seconds)s)

-- name: time_of_answers
-- How long people of these attempts have looked at questions, in all their attempts there that count.
INSERT INTO facts.fact_time_spent (person_id, platform, course, course_id, content, source, seconds, observed_at)
SELECT a.person_id, a.platform, a.course, max(a.course_id), a.content, 'answers',
       COALESCE(sum(r.seconds) FILTER (WHERE a.discarded_at IS NULL), 0), %(now)s
FROM (SELECT DISTINCT person_id, content, platform, course FROM facts.fact_assessment_attempt
      WHERE attempt_id = ANY(%(attempt_ids)s) AND person_id IS NOT NULL) t
JOIN facts.fact_assessment_attempt a USING (person_id, content, platform, course)
JOIN facts.fact_question_response r ON r.attempt_id = a.attempt_id AND r.seconds IS NOT NULL
GROUP BY a.person_id, a.platform, a.course, a.content
ON CONFLICT (person_id, content, platform, course, source) DO UPDATE
SET course_id = excluded.course_id, seconds = excluded.seconds, observed_at = excluded.observed_at

-- name: time_watched
-- How much people of these events have watched of videos, as was told last in each activity.
INSERT INTO facts.fact_time_spent (person_id, platform, course, course_id, content, source, seconds, observed_at)
SELECT w.person_id, w.platform, w.course, max(w.course_id), w.content, 'watched', sum(w.seconds), %(now)s
FROM (
    SELECT e.person_id, e.platform, e.course, e.content, e.link, max(e.course_id) AS course_id, max(e.seconds) AS seconds
    FROM (SELECT DISTINCT person_id, content, platform, course FROM facts.fact_learning_event
          WHERE event_id = ANY(%(event_ids)s) AND person_id IS NOT NULL AND attempt_id IS NULL AND seconds IS NOT NULL) t
    JOIN facts.fact_learning_event e USING (person_id, content, platform, course)
    WHERE e.attempt_id IS NULL AND e.verb <> 'answered' AND e.seconds IS NOT NULL
    GROUP BY e.person_id, e.platform, e.course, e.content, e.link
) w
GROUP BY w.person_id, w.platform, w.course, w.content
ON CONFLICT (person_id, content, platform, course, source) DO UPDATE
SET course_id = excluded.course_id, seconds = excluded.seconds, observed_at = excluded.observed_at

-- name: reached
-- All that was told until then is here.
INSERT INTO facts.hop (name, reached_at) VALUES ('learning', %(at)s)
ON CONFLICT (name) DO UPDATE SET reached_at = excluded.reached_at
