-- Keys that differ in case or Unicode form alone are one, before anybody is put together too.
CREATE INDEX statement_folded_key ON connector.statement (site, connector.folded(key));

-- What was said of a person under another spelling, and so was not heard: it is, once the row is read again.
UPDATE connector.statement t SET key = p.key, row_digest = NULL
FROM connector.person p
WHERE p.site = t.site AND connector.folded(p.key) = connector.folded(t.key) AND NOT t.gone
  AND NOT EXISTS (SELECT FROM connector.person e WHERE e.site = t.site AND e.key = t.key)
  AND NOT EXISTS (SELECT FROM connector.statement o
                  WHERE o.site = t.site AND o.source = t.source AND o.key <> t.key
                    AND connector.folded(o.key) = connector.folded(t.key))
  AND NOT EXISTS (SELECT FROM connector.person o
                  WHERE o.site = p.site AND o.person_id < p.person_id
                    AND connector.folded(o.key) = connector.folded(p.key));
