-- name: latest_accepted
-- The last good feed of a source, or the last one that was complete.
SELECT feed_id, name, digest, modified, mapping_digest, rows, received_at, rejected
FROM connector.feed
WHERE site = %(site)s AND source = %(source)s AND status = 'accepted' AND (complete OR NOT %(complete)s)
ORDER BY feed_id DESC
LIMIT 1

-- name: heard
-- Sources with a good feed that was kept as is asked for: as what one of several sources says, or as people at once.
SELECT DISTINCT source FROM connector.feed
WHERE site = %(site)s AND status = 'accepted' AND (stated OR NOT %(stated)s)

-- name: begin
-- A new delivery, not yet judged.
INSERT INTO connector.feed (site, source, name, digest, size, modified, received_at, complete, mapping_digest)
VALUES (%(site)s, %(source)s, %(name)s, %(digest)s, %(size)s, %(modified)s, %(now)s, %(complete)s, %(mapping_digest)s)
RETURNING feed_id

-- name: clear_staged
-- What an earlier reading of this source left behind.
DELETE FROM connector.staged s USING connector.feed f WHERE f.feed_id = s.feed_id AND f.site = %(site)s AND f.source = %(source)s

-- name: keep_last
-- Of a delta's rows about one person the last one counts. Rows of one line are in no order, and stay.
WITH earlier AS (
    DELETE FROM connector.staged s
    USING (SELECT key, max(line) AS line FROM connector.staged WHERE feed_id = %(feed_id)s GROUP BY key HAVING count(*) > 1) l
    WHERE s.feed_id = %(feed_id)s AND s.key = l.key AND s.line < l.line
    RETURNING s.line
)
SELECT count(*) AS rows FROM earlier

-- name: mark_duplicates
-- Rows that share a key, in whatever case, are all set aside: nobody can say which one is right. The person counts as
-- present.
WITH doubled AS (
    SELECT connector.folded(key) AS key FROM connector.staged WHERE feed_id = %(feed_id)s
    GROUP BY connector.folded(key) HAVING count(*) > 1
), marked AS (
    UPDATE connector.staged s SET wanted = NULL, said = NULL, active = NULL
    FROM doubled d
    WHERE s.feed_id = %(feed_id)s AND connector.folded(s.key) = d.key
    RETURNING s.line, s.key
), noted AS (
    INSERT INTO connector.rejection (feed_id, line, key, field, reason)
    SELECT %(feed_id)s, m.line, m.key, 'key', 'the key stands on more than one row; all of them were set aside'
    FROM marked m
    RETURNING key
)
SELECT count(*) AS rows, count(DISTINCT connector.folded(key)) AS keys FROM noted

-- name: respell
-- A key that differs from a known one in case or Unicode form alone is that one: nobody is gone, and nobody new. Known are
-- people, and whom one of several sources has named before anybody could be put together.
WITH unknown AS MATERIALIZED (
    SELECT DISTINCT s.key FROM connector.staged s
    WHERE s.feed_id = %(feed_id)s
      AND NOT EXISTS (SELECT FROM connector.person p WHERE p.site = %(site)s AND p.key = s.key)
), known AS (
    SELECT DISTINCT ON (u.key) u.key AS written, k.key
    FROM unknown u
    JOIN (
        SELECT key, 1 AS rank FROM connector.person WHERE site = %(site)s
        UNION ALL
        SELECT key, 2 FROM connector.statement WHERE site = %(site)s
    ) k ON connector.folded(k.key) = connector.folded(u.key)
    ORDER BY u.key, k.rank, k.key <> u.key, k.key
)
UPDATE connector.staged s SET key = k.key
FROM known k
WHERE s.feed_id = %(feed_id)s AND s.key = k.written AND k.key <> k.written

-- name: known_rows
-- Rows that said the same when their people were last read.
SELECT row_digest, key FROM connector.person WHERE site = %(site)s AND row_digest = ANY(%(digests)b)

-- name: count_staged
-- Is everything that was read still there?
SELECT count(*) AS rows FROM connector.staged WHERE feed_id = %(feed_id)s

-- name: judge
-- Refuse or accept a feed, with what was counted.
UPDATE connector.feed
SET status = %(status)s, reasons = %(reasons)s, releasable = %(releasable)s, rows = %(rows)s, rejected = %(rejected)s, keyless = %(keyless)s,
    duplicate_keys = %(duplicate_keys)s
WHERE feed_id = %(feed_id)s

-- name: update_people
-- People of whom the feed says something new.
UPDATE connector.person p
SET source = s.source, wanted = s.wanted, initial = s.initial, grant_set = s.grant_set, unit = s.unit, unit_name = s.unit_name,
    units_above = s.units_above, job_role = s.job_role, manager_key = s.manager_key, starts = s.starts, ends = s.ends,
    active = s.active, timezone = s.timezone, earlier_keys = s.earlier_keys, attributes = s.attributes,
    manager_missing_since = CASE WHEN p.manager_key = s.manager_key THEN p.manager_missing_since END,
    unique_username = s.unique_username, changed_at = %(now)s, feed_id = s.feed_id, line = s.line
FROM connector.staged s
WHERE s.feed_id = %(feed_id)s AND s.wanted IS NOT NULL AND p.site = %(site)s AND p.key = s.key
  AND (p.source, p.wanted, p.initial, p.grant_set, p.unit, p.unit_name, p.units_above, p.job_role, p.manager_key,
       p.starts, p.ends, p.active, p.timezone, p.earlier_keys, p.attributes, p.unique_username)
      IS DISTINCT FROM
      (s.source, s.wanted, s.initial, s.grant_set, s.unit, s.unit_name, s.units_above, s.job_role, s.manager_key,
       s.starts, s.ends, s.active, s.timezone, s.earlier_keys, s.attributes, s.unique_username)

-- name: insert_people
-- People whom the source names for the first time.
INSERT INTO connector.person (site, source, key, row_digest, wanted, initial, grant_set, unit, unit_name, units_above,
                              job_role, manager_key, starts, ends, active, timezone, earlier_keys, attributes,
                              unique_username, first_seen, changed_at, feed_id, line)
SELECT %(site)s, s.source, s.key, s.row_digest, s.wanted, s.initial, s.grant_set, s.unit, s.unit_name, s.units_above,
       s.job_role, s.manager_key, s.starts, s.ends, s.active, s.timezone, s.earlier_keys, s.attributes,
       s.unique_username, %(now)s,
       %(now)s, s.feed_id, s.line
FROM connector.staged s
WHERE s.feed_id = %(feed_id)s AND s.wanted IS NOT NULL
  AND NOT EXISTS (SELECT FROM connector.person p WHERE p.site = %(site)s AND p.key = s.key)

-- name: write_grant_sets
-- Sets of grants that are not known yet: a JSON list of them, each grant with the digest of its set in hexadecimal.
INSERT INTO connector.grant_set (site, digest, kind, target, terms, rule, level, ref)
SELECT %(site)s, decode(g.digest, 'hex'), g.kind, g.target, g.terms, g.rule, g.level, g.ref
FROM jsonb_to_recordset(%(grants)s)
     AS g(digest text, kind text, target text, terms jsonb, rule text, level text, ref text)
ON CONFLICT DO NOTHING

-- name: drop_unused_grant_sets
-- Sets that are nobody's any more.
DELETE FROM connector.grant_set g
WHERE g.site = %(site)s
  AND NOT EXISTS (SELECT FROM connector.person p WHERE p.site = g.site AND p.grant_set = g.digest)

-- name: note_rows
-- Rows that need not be mapped again while they and the mapping stay as they are.
UPDATE connector.person p SET row_digest = s.row_digest
FROM connector.staged s
WHERE s.feed_id = %(feed_id)s AND s.wanted IS NOT NULL AND p.site = %(site)s AND p.key = s.key
  AND p.row_digest IS DISTINCT FROM s.row_digest

-- name: mark_absent
-- Absence from a complete feed: noted the first time; gone with the second good feed at least 24 hours later.
-- The same file read again, for a changed mapping, is no second feed.
UPDATE connector.person p
SET absent_since = COALESCE(p.absent_since, %(now)s),
    absent_feed_id = COALESCE(p.absent_feed_id, %(feed_id)s),
    gone = COALESCE(p.absent_since <= %(now)s - interval '24 hours', false) AND NOT EXISTS (
        SELECT FROM connector.feed f
        JOIN connector.feed a ON (a.digest, a.modified) = (f.digest, f.modified)
        WHERE f.feed_id = %(feed_id)s AND a.feed_id = p.absent_feed_id)
WHERE p.site = %(site)s AND NOT p.gone
  AND NOT EXISTS (SELECT FROM connector.staged s WHERE s.feed_id = %(feed_id)s AND s.key = p.key)

-- name: mark_present
-- People who are in the feed again.
UPDATE connector.person p
SET absent_since = NULL, absent_feed_id = NULL, gone = false
WHERE p.site = %(site)s AND p.absent_since IS NOT NULL
  AND EXISTS (SELECT FROM connector.staged s
              WHERE s.feed_id = %(feed_id)s AND s.key = p.key AND (s.active OR s.active IS NULL OR s.wanted IS NOT NULL))

-- name: mark_removed
-- People of whom the feed says nothing but that they are gone: then they are, at once.
UPDATE connector.person p
SET absent_since = COALESCE(p.absent_since, %(now)s), absent_feed_id = COALESCE(p.absent_feed_id, %(feed_id)s), gone = true
FROM connector.staged s
WHERE p.site = %(site)s AND NOT p.gone AND s.feed_id = %(feed_id)s AND s.key = p.key AND s.wanted IS NULL AND NOT s.active

-- name: released
-- Has a person let this content pass?
SELECT released_by FROM connector.feed_release WHERE site = %(site)s AND source = %(source)s AND digest = %(digest)s

-- name: release
-- A person lets this content pass.
INSERT INTO connector.feed_release (site, source, digest, released_by, released_at)
VALUES (%(site)s, %(source)s, %(digest)s, %(by)s, %(now)s)
ON CONFLICT (site, source, digest) DO UPDATE SET released_by = excluded.released_by, released_at = excluded.released_at

-- name: refused
-- The last feed of each source, where it was refused.
SELECT DISTINCT ON (source) feed_id, source, name, digest, received_at, rows, reasons, releasable, status
FROM connector.feed
WHERE site = %(site)s AND status <> 'reading'
ORDER BY source, feed_id DESC

-- name: rejections
-- Rows of a feed that could not be used, in the order of the file.
SELECT line, key, field, reason FROM connector.rejection WHERE feed_id = %(feed_id)s ORDER BY line, field LIMIT %(limit)s
