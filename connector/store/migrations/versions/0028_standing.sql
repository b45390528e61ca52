-- Whom nobody knew when the file was read may have been named since; not by a key that HR has given to two people.
CREATE VIEW connector.whose_record AS
SELECT i.site, r.import_id, r.line, r.person_id
FROM connector.import_record r JOIN connector.import_batch i USING (import_id)
WHERE i.status = 'taken' AND r.person_id IS NOT NULL
UNION ALL
SELECT i.site, r.import_id, r.line, p.person_id
FROM connector.import_record r
JOIN connector.import_batch i USING (import_id)
JOIN connector.person p ON p.site = i.site AND connector.folded(p.key) = connector.folded(r.key)
WHERE i.status = 'taken' AND r.person_id IS NULL AND r.key <> '' AND NOT EXISTS (
    SELECT FROM connector.person f WHERE f.site = i.site AND connector.folded(f.formerly) = connector.folded(r.key));
COMMENT ON VIEW connector.whose_record IS 'Whose each record of a former system is that counts; of those set aside it has none.';

CREATE VIEW connector.set_aside AS
SELECT i.site, r.key, r.email
FROM connector.import_record r JOIN connector.import_batch i USING (import_id)
WHERE r.person_id IS NULL AND NOT EXISTS (
    SELECT FROM connector.whose_record w WHERE w.import_id = r.import_id AND w.line = r.line)
UNION
SELECT i.site, r.key, '' FROM connector.import_rejection r JOIN connector.import_batch i USING (import_id) WHERE r.key <> ''
UNION
SELECT f.site, r.key, '' FROM connector.rejection r JOIN connector.feed f USING (feed_id) WHERE r.key <> ''
UNION
SELECT f.site, s.key, '' FROM connector.staged s JOIN connector.feed f USING (feed_id) WHERE s.key <> '';
COMMENT ON VIEW connector.set_aside IS
    'Keys and addresses of rows that came to nothing: of former systems and of feeds. Some are of people who are known.';
