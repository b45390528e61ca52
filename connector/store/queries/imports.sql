-- Training records that were brought over from former systems.

-- name: roster
-- Everybody whom a record may be of, with all addresses that are known of the person now.
SELECT p.person_id, p.key, COALESCE(p.earlier_keys, '{}') AS earlier_keys,
       array_remove(ARRAY[p.wanted ->> 'email', p.initial ->> 'email', a.fields ->> 'email'], NULL) AS emails,
       COALESCE(p.wanted ->> 'lastname', p.initial ->> 'lastname', a.fields ->> 'lastname', '') AS lastname, p.moved_to,
       p.formerly
FROM connector.person p
LEFT JOIN connector.binding b ON b.site = p.site AND b.person_id = p.person_id
LEFT JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
WHERE p.site = %(site)s

-- name: issued
-- Certificates of a source that count, the newest first: whose number it is, the oldest says, which comes last.
SELECT r.template, r.number, r.person_id, r.key, r.email
FROM connector.import_record r JOIN connector.import_batch i USING (import_id)
WHERE i.site = %(site)s AND i.source = %(source)s AND i.status = 'taken' AND r.template <> ''
ORDER BY r.import_id DESC, r.line DESC

-- name: batches
-- Files, the newest first: all, one by its number, or the one that is taken with this content.
SELECT i.import_id AS number, i.source, i.kind, i.name, i.digest, i.status, i.rows, i.kept, i.rejected, i.set_aside, i.erased,
       i.left_out, i.reasons, i.imported_at, i.imported_by, i.undone_at, i.undone_by
FROM connector.import_batch i
WHERE i.site = %(site)s AND (%(number)s::bigint IS NULL OR i.import_id = %(number)s)
  AND (%(digest)s::text IS NULL OR i.digest = %(digest)s AND i.source = %(source)s AND i.status = 'taken')
ORDER BY i.import_id DESC LIMIT %(limit)s

-- name: last
-- The last file of a source that counts.
SELECT i.rows, i.imported_at AS received_at FROM connector.import_batch i
WHERE i.site = %(site)s AND i.source = %(source)s AND i.kind = %(kind)s AND i.status = 'taken'
ORDER BY i.import_id DESC LIMIT 1

-- name: begin
INSERT INTO connector.import_batch (site, source, kind, name, digest, status, rows, kept, rejected, set_aside, erased,
                                    left_out, reasons, imported_at, imported_by)
VALUES (%(site)s, %(source)s, %(kind)s, %(name)s, %(digest)s, 'refused', 0, 0, 0, 0, 0, 0, '[]', %(at)s, %(by)s)
RETURNING import_id AS number

-- name: judge
UPDATE connector.import_batch
SET status = %(status)s, rows = %(rows)s, kept = %(kept)s, rejected = %(rejected)s, set_aside = %(set_aside)s,
    erased = %(erased)s, left_out = %(left_out)s, reasons = %(reasons)s
WHERE import_id = %(number)s

-- name: drop_records
DELETE FROM connector.import_record WHERE import_id = %(number)s

-- name: drop_rejections
DELETE FROM connector.import_rejection WHERE import_id = %(number)s

-- name: undo
UPDATE connector.import_batch SET status = 'undone', undone_at = %(now)s, undone_by = %(by)s
WHERE site = %(site)s AND import_id = %(number)s AND status = 'taken'

-- name: rejections
-- Rows that could not be used, in the order of the file.
SELECT r.line, r.key, r.field, r.reason
FROM connector.import_rejection r JOIN connector.import_batch i USING (import_id)
WHERE i.site = %(site)s AND import_id = %(number)s ORDER BY r.line, r.field LIMIT %(limit)s

-- name: set_aside
-- Records of nobody who is known.
SELECT r.line, r.key
FROM connector.import_record r JOIN connector.import_batch i USING (import_id)
WHERE i.site = %(site)s AND import_id = %(number)s AND r.person_id IS NULL ORDER BY r.line LIMIT %(limit)s

-- name: for_facts
-- Records as the facts take them: of people with an account, which is that of the key of today, however often it moved, or
-- else the last one before.
SELECT a.account_id AS moodle_id, i.source, r.courses, r.done_at, r.precision, r.score, r.score_max, r.template, r.number,
       r.expires_at
FROM connector.whose_record w
JOIN connector.import_record r USING (import_id, line)
JOIN connector.import_batch i USING (import_id)
CROSS JOIN LATERAL (
    WITH RECURSIVE step (person_id, moved_to, steps) AS (
        SELECT p.person_id, p.moved_to, 0 FROM connector.person p WHERE p.person_id = w.person_id
        UNION ALL
        SELECT n.person_id, n.moved_to, s.steps + 1
        FROM step s JOIN connector.person n ON n.site = %(site)s AND n.key = s.moved_to
    ) CYCLE person_id SET again USING walked
    SELECT b.account_id FROM step s JOIN connector.binding b ON b.site = %(site)s AND b.person_id = s.person_id
    WHERE NOT s.again ORDER BY s.steps DESC LIMIT 1
) a
WHERE w.site = %(site)s
