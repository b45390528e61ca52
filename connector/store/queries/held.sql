-- Moodle's rows as they are held, what a load brings of them, and how they compare with Moodle.

-- name: columns
-- The datasets that are held.
SELECT d.name, h.columns FROM landing.holding h JOIN landing.dataset d USING (dataset)

-- name: datasets
-- The numbers of all datasets.
SELECT name, dataset FROM landing.dataset

-- name: dataset
-- The number of a dataset.
SELECT dataset FROM landing.dataset WHERE name = %(name)s

-- name: add_dataset
INSERT INTO landing.dataset (name) VALUES (%(name)s) ON CONFLICT (name) DO NOTHING

-- name: coming
-- What comes of a dataset, and in which columns.
INSERT INTO landing.coming (dataset, columns) VALUES (%(dataset)s, %(columns)s)
ON CONFLICT (dataset) DO UPDATE SET columns = excluded.columns

-- name: drop_came
TRUNCATE landing.coming, landing.came, landing.gone

-- name: buckets
-- Rows and checksum of each bucket, as the plugin reckons them.
SELECT h.key / %(width)s AS number, count(*) AS rows,
       encode(sha256(convert_to(string_agg(h.row || E'\n', '' ORDER BY h.key), 'UTF8')), 'hex') AS checksum
FROM landing.held h
WHERE h.dataset = %(dataset)s AND h.key BETWEEN %(first)s AND %(last)s
GROUP BY 1
ORDER BY 1

-- name: rows
SELECT h.key, h.moodle_id, h.course_id, h.row FROM landing.held h
WHERE h.dataset = %(dataset)s AND h.key BETWEEN %(first)s AND %(last)s
ORDER BY h.key

-- name: newest
SELECT max(key) AS key FROM landing.held WHERE dataset = %(dataset)s

-- name: there
SELECT key FROM landing.held WHERE dataset = %(dataset)s AND key = ANY(%(keys)s)

-- name: list
-- What came otherwise than it was held, of datasets that were held as a whole. What is of people who are nobody's is not
-- followed by increments, and listed by nobody.
INSERT INTO facts.reconciliation_difference (load_id, dataset, key, moodle_id, course_id, what, changed, cause, noticed_at)
SELECT %(load)s, d.name, key, COALESCE(c.moodle_id, h.moodle_id), COALESCE(c.course_id, h.course_id),
       CASE WHEN h.row IS NULL THEN 'missing' WHEN c.row IS NULL THEN 'gone' ELSE 'other' END, '{}', %(cause)s, %(now)s
FROM landing.held h
FULL JOIN landing.came c USING (dataset, key)
JOIN landing.dataset d ON d.dataset = COALESCE(c.dataset, h.dataset)
JOIN landing.holding w ON w.dataset = d.dataset
WHERE h.row IS DISTINCT FROM c.row
  AND (COALESCE(c.moodle_id, h.moodle_id) IS NULL
       OR EXISTS (SELECT FROM facts.dim_person p
                  WHERE p.moodle_id = COALESCE(c.moodle_id, h.moodle_id) AND p.valid_to = 'infinity'))

-- ---------------------------------------------------------------- a merge: everything came, or what changed
-- name: sort_in_memory
SET LOCAL maintenance_work_mem = '256MB'

-- name: index_keys
CREATE INDEX came_key ON landing.came (dataset, key)

-- name: once
-- A row may have come twice: the last one holds.
DELETE FROM landing.came h
USING (SELECT dataset, key, max(ctid) AS last FROM landing.came GROUP BY dataset, key HAVING count(*) > 1) d
WHERE h.dataset = d.dataset AND h.key = d.key AND h.ctid <> d.last

-- name: index_owners
CREATE INDEX came_owner ON landing.came (moodle_id)

-- name: index_courses
CREATE INDEX came_course ON landing.came (course_id, dataset)

-- name: drop_came_keys
-- A load that was killed may have made it ready.
DROP INDEX IF EXISTS landing.came_key, landing.came_owner, landing.came_course

-- name: set_aside
ALTER TABLE landing.held RENAME TO before

-- name: hold
ALTER TABLE landing.came RENAME TO held

-- name: make_room
ALTER TABLE landing.before RENAME TO came

-- name: drop_keys
DROP INDEX landing.held_key, landing.held_owner, landing.held_course

-- name: name_keys
ALTER INDEX landing.came_key RENAME TO held_key;
ALTER INDEX landing.came_owner RENAME TO held_owner;
ALTER INDEX landing.came_course RENAME TO held_course

-- name: hold_nothing
DELETE FROM landing.holding

-- name: hold_these
INSERT INTO landing.holding (dataset, columns) SELECT dataset, columns FROM landing.coming

-- name: other_columns
-- What is read in other columns now can no longer be compared: all of it is read again.
DELETE FROM landing.holding h USING landing.coming c WHERE c.dataset = h.dataset AND c.columns <> h.columns

-- name: put_away
DELETE FROM landing.held h USING landing.came c WHERE c.dataset = h.dataset AND c.key = h.key

-- name: put
-- A row may have come twice: the last one holds. Of what is not held as a whole nothing is.
INSERT INTO landing.held (dataset, key, moodle_id, course_id, row)
SELECT DISTINCT ON (c.dataset, c.key) c.dataset, c.key, c.moodle_id, c.course_id, c.row
FROM landing.came c JOIN landing.holding h ON h.dataset = c.dataset
ORDER BY c.dataset, c.key, c.ctid DESC

-- name: complete
-- What was read completely, by datasets: what of it did not come is no more.
CREATE TEMPORARY TABLE held_scope ON COMMIT DROP AS
SELECT DISTINCT d.dataset, s.moodle_id, s.course_id
FROM facts.landing_scope s
JOIN unnest(%(facts)s::text[], %(sources)s::text[], %(names)s::text[]) AS t (fact, source, name)
  ON t.fact = s.fact AND t.source = s.source
JOIN landing.dataset d ON d.name = t.name
WHERE s.load_id = %(load)s

-- name: weigh
ANALYZE held_scope

-- name: put_out_of_people
DELETE FROM landing.held h USING held_scope s
WHERE h.dataset = s.dataset AND h.moodle_id = s.moodle_id AND COALESCE(s.course_id, h.course_id, 0) = COALESCE(h.course_id, 0)
  AND NOT EXISTS (SELECT FROM landing.came c WHERE c.dataset = h.dataset AND c.key = h.key)

-- name: put_out_of_courses
DELETE FROM landing.held h USING held_scope s
WHERE s.moodle_id IS NULL AND h.dataset = s.dataset AND h.course_id = s.course_id
  AND NOT EXISTS (SELECT FROM landing.came c WHERE c.dataset = h.dataset AND c.key = h.key)

-- name: put_out_of_all
DELETE FROM landing.held h USING held_scope s
WHERE s.moodle_id IS NULL AND s.course_id IS NULL AND h.dataset = s.dataset
  AND NOT EXISTS (SELECT FROM landing.came c WHERE c.dataset = h.dataset AND c.key = h.key)

-- name: put_out
DELETE FROM landing.held h USING landing.gone g WHERE g.dataset = h.dataset AND g.key = h.key
