-- name: known_rows
-- Rows that said the same when they were last read.
SELECT row_digest, key FROM connector.statement
WHERE site = %(site)s AND source = %(source)s AND row_digest = ANY(%(digests)b)

-- name: is_last_unheard
-- Were people not put together yet, because one of the sources had never been heard of?
SELECT EXISTS (SELECT FROM unnest(%(sources)s::text[]) AS s (source)
               WHERE NOT EXISTS (SELECT FROM connector.feed f
                                 WHERE f.site = %(site)s AND f.source = s.source AND f.stated
                                   AND f.status = 'accepted')) AS before,
       EXISTS (SELECT FROM unnest(%(sources)s::text[]) AS s (source)
               WHERE s.source <> %(source)s
                 AND NOT EXISTS (SELECT FROM connector.feed f
                                 WHERE f.site = %(site)s AND f.source = s.source AND f.stated
                                   AND f.status = 'accepted')) AS after

-- name: begin
-- The people who are to be put together anew, with what brought it about.
CREATE TEMPORARY TABLE merging (key text COLLATE "C" PRIMARY KEY, line integer) ON COMMIT DROP

-- name: drop_others
-- Sources that the mapping has no more say nothing any more.
WITH dropped AS (
    DELETE FROM connector.statement WHERE site = %(site)s AND source <> ALL(%(sources)s) RETURNING key
)
INSERT INTO merging (key, line) SELECT DISTINCT key, 0 FROM dropped ON CONFLICT DO NOTHING

-- name: mark_absent
-- Absence from a complete feed: noted the first time; gone with the second good feed at least 24 hours later.
-- The same file read again, for a changed mapping, is no second feed.
WITH absent AS (
    UPDATE connector.statement t
    SET absent_since = COALESCE(t.absent_since, %(now)s),
        absent_feed_id = COALESCE(t.absent_feed_id, %(feed_id)s),
        gone = COALESCE(t.absent_since <= %(now)s - interval '24 hours', false) AND NOT EXISTS (
            SELECT FROM connector.feed f
            JOIN connector.feed a ON (a.digest, a.modified) = (f.digest, f.modified)
            WHERE f.feed_id = %(feed_id)s AND a.feed_id = t.absent_feed_id)
    WHERE t.site = %(site)s AND t.source = %(source)s AND NOT t.gone
      AND NOT EXISTS (SELECT FROM connector.staged s WHERE s.feed_id = %(feed_id)s AND s.key = t.key)
    RETURNING t.key, t.gone
)
INSERT INTO merging (key, line) SELECT key, 0 FROM absent WHERE gone ON CONFLICT DO NOTHING

-- name: mark_present
-- Who is in the feed again.
WITH present AS (
    UPDATE connector.statement t
    SET absent_since = NULL, absent_feed_id = NULL, gone = false
    FROM connector.staged s
    WHERE t.site = %(site)s AND t.source = %(source)s AND t.absent_since IS NOT NULL
      AND s.feed_id = %(feed_id)s AND s.key = t.key AND s.active IS NULL
    RETURNING t.key, s.line
)
INSERT INTO merging (key, line) SELECT key, line FROM present ON CONFLICT DO NOTHING

-- name: mark_removed
-- Of whom the feed says nothing but that they are gone.
WITH removed AS (
    UPDATE connector.statement t
    SET absent_since = COALESCE(t.absent_since, %(now)s), absent_feed_id = COALESCE(t.absent_feed_id, %(feed_id)s), gone = true
    FROM connector.staged s
    WHERE t.site = %(site)s AND t.source = %(source)s AND NOT t.gone AND s.feed_id = %(feed_id)s AND s.key = t.key AND NOT s.active
    RETURNING t.key, s.line
)
INSERT INTO merging (key, line) SELECT key, line FROM removed ON CONFLICT DO NOTHING

-- name: write
-- What the feed says.
WITH written AS (
    INSERT INTO connector.statement AS t (site, source, key, said, row_digest, feed_id, line)
    SELECT %(site)s, %(source)s, key, said, row_digest, feed_id, line
    FROM connector.staged WHERE feed_id = %(feed_id)s AND said IS NOT NULL
    ON CONFLICT (site, source, key) DO UPDATE
    SET said = excluded.said, row_digest = excluded.row_digest, feed_id = excluded.feed_id, line = excluded.line
    RETURNING key, line
)
INSERT INTO merging (key, line) SELECT key, line FROM written ON CONFLICT (key) DO UPDATE SET line = excluded.line

-- name: everybody
-- All people are to be put together: until now a source was missing.
INSERT INTO merging (key, line)
SELECT DISTINCT ON (key) key, line FROM connector.statement WHERE site = %(site)s
ORDER BY key, source <> %(source)s
ON CONFLICT DO NOTHING

-- name: page
-- What the sources say of the next people; of nobody whom no source names any more.
SELECT m.key, m.line, jsonb_object_agg(t.source, t.said) AS said
FROM (SELECT key, line FROM merging WHERE key > %(after)s ORDER BY key LIMIT %(limit)s) m
JOIN connector.statement t ON t.site = %(site)s AND t.key = m.key AND NOT t.gone
GROUP BY m.key, m.line
HAVING bool_or(t.source = ANY(%(authoritative)s))
ORDER BY m.key

-- name: last_of_page
-- The last key of the next page.
SELECT max(key) AS key FROM (SELECT key FROM merging WHERE key > %(after)s ORDER BY key LIMIT %(limit)s) AS page

-- name: clear
-- The rows of the feed are kept; the people put together from them are staged next.
DELETE FROM connector.staged WHERE feed_id = %(feed_id)s

-- name: mark_gone
-- Whom no source names any more, or who is out of the mapping's scope; the others are there.
UPDATE connector.person p
SET gone = g.gone, absent_since = CASE WHEN g.gone THEN COALESCE(p.absent_since, %(now)s) END, absent_feed_id = NULL
FROM (
    SELECT m.key, m.key = ANY(%(outside)s) OR NOT EXISTS (
        SELECT FROM connector.statement t
        WHERE t.site = %(site)s AND t.key = m.key AND NOT t.gone AND t.source = ANY(%(authoritative)s)) AS gone
    FROM merging m
) g
WHERE p.site = %(site)s AND p.key = g.key AND p.gone <> g.gone

-- name: stated
-- The feed is kept as what one of several sources says.
UPDATE connector.feed SET stated = true WHERE feed_id = %(feed_id)s

-- name: forget
-- One source says everything now: its rows are the people.
DELETE FROM connector.statement WHERE site = %(site)s
