-- Facts as they follow from Moodle's rows that are held, reckoned otherwise than by the merge: each query gives what
-- differs. Only managed people and known courses count. %(now)s is now, %(before)s when all was compared the last time.

-- name: enrolments
-- Who is enrolled, whether that lets them in now, and since when: one that is active is enough, the oldest says when.
-- These rows are many and have numbers only: they are split at commas, which takes a third of reading JSON.
WITH told AS (
    SELECT h.moodle_id, h.course_id,
           bool_or(split_part(h.row, ',', %(status)s)::int = 0 AND m.key IS NOT NULL
                   AND split_part(h.row, ',', %(starts)s)::bigint <= %(now_seconds)s
                   AND (split_part(h.row, ',', %(ends)s)::bigint = 0
                        OR split_part(h.row, ',', %(ends)s)::bigint > %(now_seconds)s)) AS active,
           to_timestamp(min(NULLIF(split_part(h.row, ',', %(created)s)::bigint, 0))) AS enrolled_at,
           bool_or(split_part(h.row, ',', %(starts)s)::bigint > %(before_seconds)s
                   OR split_part(h.row, ',', %(ends)s)::bigint <> 0) AS timed
    FROM landing.held h
    LEFT JOIN (SELECT m.key FROM landing.held m
               WHERE m.dataset = %(enrolment_methods)s AND (m.row::json ->> %(enabled)s)::int = 0) m
           ON m.key = split_part(h.row, ',', %(method)s)::bigint
    WHERE h.dataset = %(enrolments)s
      AND NOT EXISTS (SELECT FROM landing.held x WHERE x.dataset = %(people)s AND x.key = h.moodle_id)
      AND EXISTS (SELECT FROM facts.dim_person d WHERE d.moodle_id = h.moodle_id AND d.valid_to = 'infinity')
      AND EXISTS (SELECT FROM facts.dim_course c WHERE c.course_id = h.course_id AND c.valid_to = 'infinity')
    GROUP BY h.moodle_id, h.course_id
), compared AS (
    SELECT moodle_id, course_id, t.active AS told, f.active AS known, t.timed, t.enrolled_at, f.enrolled_at AS known_at
    FROM told t
    FULL JOIN (SELECT * FROM facts.fact_enrolment WHERE valid_to = 'infinity' AND moodle_id > 0) f USING (moodle_id, course_id)
)
SELECT c.moodle_id, c.course_id,
       CASE WHEN c.known IS NULL THEN 'missing' WHEN c.told IS NULL THEN 'gone' ELSE 'other' END AS what,
       CASE WHEN c.known IS NULL AND d.valid_from >= %(before)s THEN 'newcomer' WHEN c.timed THEN 'period' ELSE 'merge'
       END AS cause
FROM compared c
LEFT JOIN facts.dim_person d ON d.moodle_id = c.moodle_id AND d.valid_to = 'infinity'
WHERE c.told IS DISTINCT FROM c.known OR date_trunc('minute', c.enrolled_at) <> date_trunc('minute', c.known_at)

-- name: completions
-- Courses that were completed, and when. What is held no more of somebody who is still enrolled was taken back.
WITH told AS (
    SELECT h.moodle_id, h.course_id, to_timestamp(max((h.row::json ->> %(completed)s)::bigint)) AS completed_at
    FROM landing.held h
    WHERE h.dataset = %(completions)s
      AND EXISTS (SELECT FROM facts.dim_person d WHERE d.moodle_id = h.moodle_id AND d.valid_to = 'infinity')
      AND EXISTS (SELECT FROM facts.dim_course c WHERE c.course_id = h.course_id AND c.valid_to = 'infinity')
    GROUP BY h.moodle_id, h.course_id
), compared AS (
    SELECT moodle_id, course_id, t.completed_at AS told, f.completed AS known, f.completed_at AS known_at
    FROM told t
    FULL JOIN (SELECT * FROM facts.fact_completion WHERE valid_to = 'infinity' AND moodle_id > 0) f USING (moodle_id, course_id)
)
SELECT c.moodle_id, c.course_id, CASE WHEN c.known IS NULL THEN 'missing' ELSE 'other' END AS what,
       CASE WHEN c.known IS NULL AND d.valid_from >= %(before)s THEN 'newcomer' ELSE 'merge' END AS cause
FROM compared c
LEFT JOIN facts.dim_person d ON d.moodle_id = c.moodle_id AND d.valid_to = 'infinity'
WHERE c.told IS NOT NULL
      AND (c.known IS NOT TRUE OR date_trunc('minute', c.told) IS DISTINCT FROM date_trunc('minute', c.known_at))
   OR c.told IS NULL AND c.known
      AND EXISTS (SELECT FROM facts.dim_course o
                  WHERE o.course_id = c.course_id AND o.valid_to = 'infinity' AND o.completion_enabled)
      AND EXISTS (SELECT FROM facts.fact_enrolment e
                  WHERE e.moodle_id = c.moodle_id AND e.course_id = c.course_id AND e.valid_to = 'infinity')

-- name: grades
-- The total of each course of who is enrolled; of several totals the first counts.
WITH told AS (
    SELECT h.moodle_id, h.course_id, max((h.row::json ->> %(grade)s)::numeric) AS value
    FROM landing.held h
    JOIN (SELECT min(i.key) AS key FROM landing.held i
          WHERE i.dataset = %(grade_items)s AND i.row::json ->> %(type)s = 'course' GROUP BY i.course_id) i
      ON i.key = (h.row::json ->> %(item)s)::bigint
    WHERE h.dataset = %(grades)s AND h.row::json ->> %(grade)s IS NOT NULL
      AND EXISTS (SELECT FROM facts.fact_enrolment e
                  WHERE e.moodle_id = h.moodle_id AND e.course_id = h.course_id AND e.valid_to = 'infinity')
    GROUP BY h.moodle_id, h.course_id
), compared AS (
    SELECT moodle_id, course_id, t.value AS told, f.value AS known, f.decimals
    FROM told t
    FULL JOIN (SELECT * FROM facts.fact_grade WHERE valid_to = 'infinity' AND moodle_id > 0) f USING (moodle_id, course_id)
)
SELECT c.moodle_id, c.course_id,
       CASE WHEN c.known IS NULL THEN 'missing' WHEN c.told IS NULL THEN 'gone' ELSE 'other' END AS what,
       CASE WHEN c.known IS NULL AND d.valid_from >= %(before)s THEN 'newcomer' ELSE 'merge' END AS cause
FROM compared c
LEFT JOIN facts.dim_person d ON d.moodle_id = c.moodle_id AND d.valid_to = 'infinity'
WHERE round(c.told, COALESCE(c.decimals, 5)) IS DISTINCT FROM round(c.known::numeric, COALESCE(c.decimals, 5))

-- name: activity_completions
-- How people stand in activities, by activity.
WITH told AS (
    SELECT h.moodle_id, h.course_id, (h.row::json ->> %(activity)s)::bigint AS activity_id,
           CASE (h.row::json ->> %(state)s)::int WHEN 0 THEN 'incomplete' WHEN 1 THEN 'complete' WHEN 2 THEN 'passed'
                ELSE 'failed' END AS state
    FROM landing.held h
    WHERE h.dataset = %(activity_completions)s
      AND EXISTS (SELECT FROM facts.dim_person d WHERE d.moodle_id = h.moodle_id AND d.valid_to = 'infinity')
      AND EXISTS (SELECT FROM facts.dim_course c WHERE c.course_id = h.course_id AND c.valid_to = 'infinity')
), compared AS (
    SELECT moodle_id, COALESCE(t.course_id, f.course_id) AS course_id, t.state AS told, f.state AS known
    FROM told t
    FULL JOIN (SELECT * FROM facts.fact_activity_completion WHERE valid_to = 'infinity' AND moodle_id > 0) f
         USING (moodle_id, activity_id)
)
SELECT c.moodle_id, c.course_id,
       CASE WHEN c.known IS NULL THEN 'missing' WHEN c.told IS NULL THEN 'gone' ELSE 'other' END AS what,
       CASE WHEN c.known IS NULL AND d.valid_from >= %(before)s THEN 'newcomer' ELSE 'merge' END AS cause
FROM compared c
LEFT JOIN facts.dim_person d ON d.moodle_id = c.moodle_id AND d.valid_to = 'infinity'
WHERE c.told IS DISTINCT FROM c.known

-- name: item_grades
-- Grades below the totals, of who is enrolled.
WITH told AS (
    SELECT h.moodle_id, h.course_id, (h.row::json ->> %(item)s)::bigint AS item_id,
           (h.row::json ->> %(grade)s)::numeric AS value
    FROM landing.held h
    JOIN landing.held i ON i.dataset = %(grade_items)s AND i.key = (h.row::json ->> %(item)s)::bigint
    WHERE h.dataset = %(grades)s AND i.row::json ->> %(type)s <> 'course' AND h.row::json ->> %(grade)s IS NOT NULL
      AND EXISTS (SELECT FROM facts.fact_enrolment e
                  WHERE e.moodle_id = h.moodle_id AND e.course_id = h.course_id AND e.valid_to = 'infinity')
), compared AS (
    SELECT moodle_id, COALESCE(t.course_id, f.course_id) AS course_id, t.value AS told, f.value AS known
    FROM told t
    FULL JOIN (SELECT * FROM facts.fact_item_grade WHERE valid_to = 'infinity' AND moodle_id > 0) f
         USING (moodle_id, item_id)
)
SELECT c.moodle_id, c.course_id,
       CASE WHEN c.known IS NULL THEN 'missing' WHEN c.told IS NULL THEN 'gone' ELSE 'other' END AS what,
       CASE WHEN c.known IS NULL AND d.valid_from >= %(before)s THEN 'newcomer' ELSE 'merge' END AS cause
FROM compared c
LEFT JOIN facts.dim_person d ON d.moodle_id = c.moodle_id AND d.valid_to = 'infinity'
WHERE round(c.told, 5) IS DISTINCT FROM round(c.known::numeric, 5)

-- name: certificates
-- What was issued of one source, by a kind that is still there, whatever its code, which is not held. A badge is issued to a
-- person once.
WITH told AS (
    SELECT e.*, row_number() OVER (PARTITION BY e.moodle_id, date_trunc('minute', e.issued_at) ORDER BY e.expires_at) AS place
    FROM (
        SELECT DISTINCT ON (h.moodle_id, o.issue) h.moodle_id,
               to_timestamp((h.row::json ->> %(issued)s)::bigint) AS issued_at,
               to_timestamp(NULLIF((h.row::json ->> %(expires)s::int)::bigint, 0)) AS expires_at
        FROM landing.held h
        CROSS JOIN LATERAL (SELECT CASE WHEN %(source)s = 'badge' THEN (h.row::json ->> %(template)s)::bigint
                                        ELSE h.key END AS issue) o
        WHERE h.dataset = %(issues)s AND (h.row::json ->> %(issued)s)::bigint > 0
          AND EXISTS (SELECT FROM landing.held k
                      WHERE k.dataset = %(templates)s AND k.key = (h.row::json ->> %(template)s)::bigint)
          AND EXISTS (SELECT FROM facts.dim_person d WHERE d.moodle_id = h.moodle_id AND d.valid_to = 'infinity')
          AND NOT EXISTS (SELECT FROM landing.held x WHERE x.dataset = %(people)s AND x.key = h.moodle_id)
        ORDER BY h.moodle_id, o.issue, (h.row::json ->> %(issued)s)::bigint DESC
    ) e
), known AS (
    SELECT f.moodle_id, f.issued_at, f.expires_at,
           row_number() OVER (PARTITION BY f.moodle_id, date_trunc('minute', f.issued_at) ORDER BY f.expires_at) AS place
    FROM facts.fact_certificate f WHERE f.valid_to = 'infinity' AND f.source = %(source)s AND f.moodle_id > 0
), compared AS (
    SELECT COALESCE(t.moodle_id, k.moodle_id) AS moodle_id, t.issued_at AS told, k.issued_at AS known, t.expires_at,
           k.expires_at AS known_end
    FROM told t
    FULL JOIN known k ON k.moodle_id = t.moodle_id AND k.place = t.place
                     AND date_trunc('minute', k.issued_at) = date_trunc('minute', t.issued_at)
)
SELECT c.moodle_id, NULL::bigint AS course_id,
       CASE WHEN c.known IS NULL THEN 'missing' WHEN c.told IS NULL THEN 'gone' ELSE 'other' END AS what,
       CASE WHEN c.known IS NULL AND d.valid_from >= %(before)s THEN 'newcomer' ELSE 'merge' END AS cause
FROM compared c
LEFT JOIN facts.dim_person d ON d.moodle_id = c.moodle_id AND d.valid_to = 'infinity'
WHERE date_trunc('minute', c.told) IS DISTINCT FROM date_trunc('minute', c.known)
   OR date_trunc('minute', c.expires_at) IS DISTINCT FROM date_trunc('minute', c.known_end)

-- ---------------------------------------------------------------- written down
-- name: note_difference
INSERT INTO facts.reconciliation_difference (load_id, dataset, key, moodle_id, course_id, what, changed, cause, noticed_at)
VALUES (%(load)s, %(dataset)s, %(key)s, %(moodle_id)s, %(course_id)s, %(what)s, %(changed)s, %(cause)s, %(now)s)

-- name: note
-- What comparing one dataset came to; said again it holds instead.
INSERT INTO facts.reconciliation (load_id, dataset, rows, buckets, differing, missing, other, gone, seconds, equal, as_of)
VALUES (%(load)s, %(dataset)s, %(rows)s, %(buckets)s, %(differing)s, %(missing)s, %(other)s, %(gone)s, %(seconds)s,
        %(equal)s, %(as_of)s)
ON CONFLICT (load_id, dataset) DO UPDATE
SET rows = excluded.rows, buckets = excluded.buckets, differing = excluded.differing, missing = excluded.missing,
    other = excluded.other, gone = excluded.gone, seconds = excluded.seconds, equal = excluded.equal,
    as_of = excluded.as_of

-- name: heal
-- What this load found is put right by what is merged now.
UPDATE facts.reconciliation_difference SET healed_at = %(now)s WHERE load_id = %(load)s AND healed_at IS NULL

-- name: settle
-- Facts that were found not to follow, by an earlier load, follow now.
UPDATE facts.reconciliation_difference SET healed_at = %(now)s
WHERE healed_at IS NULL AND dataset LIKE 'fact\_%%' AND NOT (dataset = ANY(%(unlike)s))

-- name: last
-- When all of Moodle was read or compared the last time.
SELECT max(finished_at) AS finished_at FROM facts.load WHERE kind = 'everything' AND status = 'done'

-- name: count
-- How many of each fact hold.
SELECT (SELECT count(*) FROM facts.fact_enrolment WHERE valid_to = 'infinity') AS enrolments,
       (SELECT count(*) FROM facts.fact_completion WHERE valid_to = 'infinity') AS completions,
       (SELECT count(*) FROM facts.fact_grade WHERE valid_to = 'infinity') AS grades,
       (SELECT count(*) FROM facts.fact_activity_completion WHERE valid_to = 'infinity') AS activity_completions,
       (SELECT count(*) FROM facts.fact_item_grade WHERE valid_to = 'infinity') AS item_grades,
       (SELECT count(*) FROM facts.fact_certificate WHERE valid_to = 'infinity') AS certificates
