-- Each change of each grade: rows of Moodle's own history, and what the mirror saw beyond them.

-- name: known
-- How far Moodle's history is known, by its key.
SELECT newest, swept FROM facts.key_read WHERE dataset = 'grade_history'

-- name: newcomers
-- Accounts whose history was not read from its beginning.
SELECT d.moodle_id FROM facts.dim_person d
WHERE d.valid_to = 'infinity' AND d.moodle_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM facts.history_read r WHERE r.moodle_id = d.moodle_id)

-- name: make_months
-- Tables of months, before there is anything to put into them: those that have landed, this one and the next two. What has
-- no time stands before all of them.
SELECT facts.make_months('fact_grade_history', array_agg(month ORDER BY month)) AS made
FROM (
    SELECT DISTINCT date_trunc('month', effective_at AT TIME ZONE 'UTC')::date AS month
    FROM facts.landing_grade_history WHERE load_id = %(load)s
    UNION
    SELECT DISTINCT date_trunc('month', graded_at AT TIME ZONE 'UTC')::date
    FROM (SELECT graded_at FROM facts.landing_grade WHERE load_id = %(load)s
          UNION ALL SELECT graded_at FROM facts.landing_item_grade WHERE load_id = %(load)s) g
    UNION
    SELECT (date_trunc('month', %(now)s AT TIME ZONE 'UTC') + n * interval '1 month')::date FROM generate_series(0, 2) n
) m
WHERE month >= '2000-01-01'

-- name: landed
-- What is new of accounts that are or were somebody's. An item that is gone is known by what it was.
CREATE TEMPORARY TABLE history_now ON COMMIT DROP AS
SELECT DISTINCT ON (l.history_id, l.effective_at) p.person_id, l.moodle_id,
       COALESCE(l.course_id, i.course_id, 0) AS course_id,
       CASE WHEN i.item_type = 'course' THEN -i.course_id ELSE l.item_id END AS item_id, l.history_id, l.effective_at,
       %(now)s::timestamptz AS observed_at, CASE WHEN l.action <> 'delete' THEN l.value END AS new_grade, l.action, l.source,
       l.changed_by, l.overridden, l.excluded, l.hidden, l.locked
FROM facts.landing_grade_history l
JOIN (SELECT DISTINCT ON (moodle_id) moodle_id, person_id FROM facts.dim_person
      WHERE moodle_id IS NOT NULL ORDER BY moodle_id, valid_from DESC) p ON p.moodle_id = l.moodle_id
LEFT JOIN (SELECT DISTINCT ON (item_id) item_id, course_id, item_type FROM facts.dim_grade_item
           ORDER BY item_id, valid_from DESC) i ON i.item_id = l.item_id
WHERE l.load_id = %(load)s AND NOT EXISTS (
    SELECT FROM facts.fact_grade_history h
    WHERE h.history_id = l.history_id AND h.effective_at = l.effective_at
      AND h.history_id >= (SELECT min(n.history_id) FROM facts.landing_grade_history n WHERE n.load_id = %(load)s))

-- name: nothing_landed
CREATE TEMPORARY TABLE history_now (moodle_id bigint, item_id bigint) ON COMMIT DROP

-- name: weigh
ANALYZE history_now

-- name: undo
-- Moodle was put back to an older state: of what came after it nothing is known there, or its number is that of another
-- change now. These are looked up all at once: one by one 375,000 rows took many minutes.
UPDATE facts.fact_grade_history h SET undone_at = %(now)s
WHERE h.origin = 'moodle' AND h.undone_at IS NULL AND h.moodle_id > 0
  AND (h.history_id > %(newest)s OR (h.history_id, h.effective_at) IN (
          SELECT o.history_id, o.effective_at
          FROM facts.landing_grade_history l
          JOIN facts.fact_grade_history o ON o.history_id = l.history_id AND o.effective_at <> l.effective_at
          WHERE l.load_id = %(load)s))

-- name: chain
-- What followed a change that was undone follows the one before it. What the mirror saw of the putting back itself, before
-- everything was read, is no change then.
WITH chained AS (
    SELECT h.history_id, h.effective_at,
           lag(h.new_grade) OVER (PARTITION BY h.moodle_id, h.item_id ORDER BY h.effective_at, h.history_id) AS before
    FROM facts.fact_grade_history h
    WHERE h.undone_at IS NULL AND (h.moodle_id, h.item_id) IN (
        SELECT u.moodle_id, u.item_id FROM facts.fact_grade_history u WHERE u.undone_at = %(now)s)
)
UPDATE facts.fact_grade_history h
SET old_grade = c.before,
    undone_at = CASE WHEN h.origin = 'mirror' AND h.new_grade IS NOT DISTINCT FROM c.before THEN %(now)s::timestamptz END
FROM chained c
WHERE h.history_id = c.history_id AND h.effective_at = c.effective_at AND h.old_grade IS DISTINCT FROM c.before

-- name: explain
-- What the mirror had seen itself is told by Moodle now: it was first seen then. A grade that was another one meanwhile is
-- not the one of before.
WITH alike AS MATERIALIZED (
    SELECT m.moodle_id, m.item_id, m.history_id AS own, m.effective_at AS own_at, m.observed_at, m.new_grade, n.history_id,
           n.effective_at
    FROM facts.fact_grade_history m
    JOIN history_now n ON n.moodle_id = m.moodle_id AND n.item_id = m.item_id
    WHERE m.origin = 'mirror' AND n.effective_at <= m.observed_at + interval '5 minutes'
      AND (n.new_grade IS NULL AND m.new_grade IS NULL OR abs(n.new_grade - m.new_grade) < 0.0051)
), known AS (
    SELECT n.moodle_id, n.item_id, n.effective_at, n.new_grade FROM history_now n
    WHERE (n.moodle_id, n.item_id) IN (SELECT a.moodle_id, a.item_id FROM alike a)
    UNION ALL
    SELECT h.moodle_id, h.item_id, h.effective_at, h.new_grade FROM facts.fact_grade_history h
    WHERE h.undone_at IS NULL AND (h.moodle_id, h.item_id) IN (SELECT a.moodle_id, a.item_id FROM alike a)
), told AS (
    SELECT DISTINCT ON (a.own) a.* FROM alike a
    WHERE NOT EXISTS (
        SELECT FROM known o
        WHERE o.moodle_id = a.moodle_id AND o.item_id = a.item_id
          AND o.effective_at > a.effective_at AND o.effective_at < a.own_at
          AND COALESCE(abs(o.new_grade - a.new_grade) >= 0.0051, num_nonnulls(o.new_grade, a.new_grade) > 0))
    ORDER BY a.own, a.effective_at DESC, a.history_id DESC
), seen AS (
    UPDATE history_now n SET observed_at = t.observed_at
    FROM (SELECT history_id, effective_at, min(observed_at) AS observed_at FROM told GROUP BY history_id, effective_at) t
    WHERE n.history_id = t.history_id AND n.effective_at = t.effective_at
)
DELETE FROM facts.fact_grade_history h USING told t WHERE h.history_id = t.own AND h.effective_at = t.own_at

-- name: begin
-- In the order in which it happened: what a grade was before, and why it changed. What comes late, between others that are
-- there, mends the one after it.
WITH concerned AS (
    SELECT DISTINCT moodle_id, item_id FROM history_now
), all_of_them AS (
    SELECT n.person_id, n.moodle_id, n.course_id, n.item_id, n.history_id, n.effective_at, n.observed_at, n.new_grade,
           'moodle' AS origin, n.action, n.source, n.changed_by, n.overridden, n.excluded, n.hidden, n.locked,
           false AS there, NULL::double precision AS was, '' AS had
    FROM history_now n
    UNION ALL
    SELECT h.person_id, h.moodle_id, h.course_id, h.item_id, h.history_id, h.effective_at, h.observed_at, h.new_grade,
           h.origin, h.action, h.source, h.changed_by, h.overridden, h.excluded, h.hidden, h.locked, true, h.old_grade,
           h.cause
    FROM facts.fact_grade_history h JOIN concerned c ON c.moodle_id = h.moodle_id AND c.item_id = h.item_id
    WHERE h.undone_at IS NULL
), ordered AS (
    SELECT a.*, lag(a.new_grade) OVER pair AS old_grade, COALESCE(lag(a.overridden) OVER pair, false) AS was_overridden,
           count(a.new_grade) OVER (pair ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > 0 AS graded_before
    FROM all_of_them a
    WINDOW pair AS (PARTITION BY a.moodle_id, a.item_id ORDER BY a.effective_at, a.history_id)
), told AS MATERIALIZED (
    SELECT o.*, CASE
               WHEN o.origin = 'mirror' THEN o.had
               WHEN o.new_grade IS NOT DISTINCT FROM o.old_grade THEN 'unchanged'
               WHEN o.new_grade IS NULL THEN CASE
                   WHEN o.action <> 'delete' OR o.source IN ('reset', 'local_recompletion') THEN 'reset'
                   WHEN o.source <> 'userdelete' OR a.account_id IS NOT NULL THEN 'deletion'
                   ELSE 'unenrolment'
               END
               WHEN o.old_grade IS NULL THEN CASE
                   WHEN NOT o.graded_before THEN 'first'
                   WHEN o.action = 'insert' AND o.source = 'userdelete' THEN 'recovery'
                   ELSE 'again'
               END
               WHEN o.source = 'import' THEN 'import'
               WHEN o.overridden AND (NOT o.was_overridden OR o.source IN ('gradebook', 'singleview', 'editgrade'))
                   THEN 'override'
               ELSE 'regrade'
           END AS cause
    FROM ordered o LEFT JOIN lost_account a ON a.account_id = o.moodle_id
), mended AS (
    UPDATE facts.fact_grade_history h SET old_grade = t.old_grade, cause = t.cause
    FROM told t
    WHERE t.there AND h.history_id = t.history_id AND h.effective_at = t.effective_at
      AND t.old_grade IS DISTINCT FROM t.was
)
INSERT INTO facts.fact_grade_history (history_id, effective_at, observed_at, person_id, moodle_id, course_id, item_id,
                                      old_grade, new_grade, cause, origin, action, source, changed_by, overridden,
                                      excluded, hidden, locked)
SELECT t.history_id, t.effective_at, t.observed_at, t.person_id, t.moodle_id, t.course_id, t.item_id, t.old_grade, t.new_grade,
       t.cause, t.origin, t.action, t.source, t.changed_by, t.overridden, t.excluded, t.hidden, t.locked
FROM told t WHERE NOT t.there
ORDER BY t.effective_at, t.history_id

-- name: begin_own
-- What began or ended with this merge, of which Moodle's history says otherwise or nothing; and what holds as before, though
-- that history has gone on: a course that is restored over itself has its totals back without a word.
WITH gone_on AS (
    SELECT DISTINCT moodle_id, item_id FROM history_now
), moved AS (
    SELECT g.person_id, g.moodle_id, g.course_id, -g.course_id AS item_id, g.value AS new_grade, g.decimals, g.graded_at,
           false AS overridden, false AS excluded, false AS hidden, false AS locked, NULL AS ended_by
    FROM facts.fact_grade g WHERE g.valid_from = %(now)s
    UNION ALL
    SELECT g.person_id, g.moodle_id, g.course_id, -g.course_id, NULL, NULL, NULL, false, false, false, false, g.ended_by
    FROM facts.fact_grade g
    WHERE g.valid_to = %(now)s AND g.valid_to < 'infinity' AND NOT EXISTS (
        SELECT FROM facts.fact_grade n
        WHERE n.moodle_id = g.moodle_id AND n.course_id = g.course_id AND n.valid_from = %(now)s)
    UNION ALL
    SELECT g.person_id, g.moodle_id, g.course_id, g.item_id, g.value, NULL, g.graded_at, g.overridden, g.excluded, g.hidden,
           g.locked, NULL
    FROM facts.fact_item_grade g WHERE g.valid_from = %(now)s
    UNION ALL
    SELECT g.person_id, g.moodle_id, g.course_id, g.item_id, NULL, NULL, NULL, false, false, false, false, g.ended_by
    FROM facts.fact_item_grade g
    WHERE g.valid_to = %(now)s AND g.valid_to < 'infinity' AND NOT EXISTS (
        SELECT FROM facts.fact_item_grade n
        WHERE n.moodle_id = g.moodle_id AND n.item_id = g.item_id AND n.valid_from = %(now)s)
    UNION ALL
    SELECT g.person_id, g.moodle_id, g.course_id, -g.course_id, g.value, g.decimals, g.graded_at, false, false, false, false,
           NULL
    FROM gone_on o JOIN facts.fact_grade g ON g.moodle_id = o.moodle_id AND g.course_id = -o.item_id
    WHERE g.valid_to = 'infinity' AND g.valid_from < %(now)s
    UNION ALL
    SELECT g.person_id, g.moodle_id, g.course_id, g.item_id, g.value, NULL, g.graded_at, g.overridden, g.excluded, g.hidden,
           g.locked, NULL
    FROM gone_on o JOIN facts.fact_item_grade g ON g.moodle_id = o.moodle_id AND g.item_id = o.item_id
    WHERE g.valid_to = 'infinity' AND g.valid_from < %(now)s
), last AS (
    SELECT DISTINCT ON (h.moodle_id, h.item_id) h.moodle_id, h.item_id, h.new_grade, h.cause, h.origin, h.effective_at
    FROM facts.fact_grade_history h
    WHERE h.undone_at IS NULL AND (h.moodle_id, h.item_id) IN (SELECT m.moodle_id, m.item_id FROM moved m)
    ORDER BY h.moodle_id, h.item_id, h.effective_at DESC, h.history_id DESC
), former AS (
    SELECT g.moodle_id, -g.course_id AS item_id, g.ended_by FROM facts.fact_grade g
    WHERE g.valid_to = %(now)s AND g.valid_to < 'infinity'
    UNION ALL
    SELECT g.moodle_id, g.item_id, g.ended_by FROM facts.fact_item_grade g
    WHERE g.valid_to = %(now)s AND g.valid_to < 'infinity'
)
INSERT INTO facts.fact_grade_history (history_id, effective_at, observed_at, person_id, moodle_id, course_id, item_id,
                                      old_grade, new_grade, cause, origin, action, source, overridden, excluded, hidden,
                                      locked)
SELECT nextval('facts.own_change'), GREATEST(COALESCE(m.graded_at, %(now)s), l.effective_at), %(now)s, m.person_id,
       m.moodle_id, m.course_id, m.item_id, l.new_grade, m.new_grade,
       CASE WHEN m.new_grade IS NULL THEN m.ended_by
            WHEN f.ended_by IS NOT NULL THEN f.ended_by
            WHEN l.moodle_id IS NULL THEN 'first'
            WHEN l.new_grade IS NOT NULL THEN 'regrade'
            WHEN l.origin = 'mirror' THEN l.cause
            WHEN EXISTS (SELECT FROM facts.fact_grade_history e
                         WHERE e.moodle_id = m.moodle_id AND e.item_id = m.item_id AND e.new_grade IS NOT NULL)
                THEN 'again'
            ELSE 'first' END,
       'mirror',
       CASE WHEN m.new_grade IS NULL THEN 'delete' WHEN l.new_grade IS NULL THEN 'insert' ELSE 'update' END, '',
       m.overridden, m.excluded, m.hidden, m.locked
FROM moved m
LEFT JOIN last l ON l.moodle_id = m.moodle_id AND l.item_id = m.item_id
LEFT JOIN former f ON f.moodle_id = m.moodle_id AND f.item_id = m.item_id AND m.new_grade IS NOT NULL
WHERE l.new_grade IS DISTINCT FROM m.new_grade
  AND round(l.new_grade::numeric, COALESCE(m.decimals, 5)) IS DISTINCT FROM
      round(m.new_grade::numeric, COALESCE(m.decimals, 5))

-- name: reach
-- Where Moodle's history ends there may be fewer than before: it was put back.
INSERT INTO facts.key_read (dataset, newest, swept, first_at) VALUES ('grade_history', %(newest)s, %(newest)s, %(now)s)
ON CONFLICT (dataset) DO UPDATE
SET newest = CASE WHEN %(whole)s THEN excluded.newest ELSE GREATEST(key_read.newest, excluded.newest) END,
    swept = CASE WHEN %(whole)s THEN excluded.swept ELSE key_read.swept END

-- name: read_first
-- After the first reading the history of everybody is known.
INSERT INTO facts.history_read (moodle_id)
SELECT DISTINCT moodle_id FROM facts.dim_person WHERE valid_to = 'infinity' AND moodle_id IS NOT NULL
ON CONFLICT DO NOTHING

-- name: read_newcomers
INSERT INTO facts.history_read (moodle_id) SELECT unnest(%(newcomers)s::bigint[]) ON CONFLICT DO NOTHING
