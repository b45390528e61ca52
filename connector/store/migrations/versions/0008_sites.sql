-- People, feeds and grants belong to a site; what several sources say of one person is kept beside the person.
ALTER TABLE connector.feed ADD site text NOT NULL DEFAULT '', ADD stated boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN connector.feed.stated IS 'What it says is kept as that of one of several sources.';
ALTER TABLE connector.feed_release ADD site text NOT NULL DEFAULT '';
ALTER TABLE connector.person ADD site text NOT NULL DEFAULT '';

-- Until now a database knew one site, which its plans name.
DO $$
DECLARE known text := (SELECT site FROM connector.plan ORDER BY number DESC LIMIT 1);
BEGIN
    UPDATE connector.feed SET site = known WHERE known IS NOT NULL;
    UPDATE connector.feed_release SET site = known WHERE known IS NOT NULL;
    UPDATE connector.person SET site = known WHERE known IS NOT NULL;
    UPDATE connector.grant_set SET source = known WHERE known IS NOT NULL;
END $$;

ALTER TABLE connector.feed ALTER site DROP DEFAULT;
ALTER TABLE connector.feed_release ALTER site DROP DEFAULT,
    DROP CONSTRAINT feed_release_pkey, ADD PRIMARY KEY (site, source, digest);
ALTER TABLE connector.person ALTER site DROP DEFAULT,
    DROP CONSTRAINT person_source_key_key, ADD UNIQUE (site, key);
DROP INDEX connector.feed_latest;
CREATE INDEX feed_latest ON connector.feed (site, source, feed_id DESC);
COMMENT ON COLUMN connector.person.source IS 'The first of the sources that name this person.';
COMMENT ON COLUMN connector.person.feed_id IS 'The feed that said the newest of it.';

DROP VIEW connector.wanted_grant;
ALTER TABLE connector.grant_set RENAME source TO site;
CREATE VIEW connector.wanted_grant AS
SELECT p.person_id, g.kind, g.target, g.terms, g.rule, g.level, g.ref
FROM connector.person p
JOIN connector.grant_set g ON g.site = p.site AND g.digest = p.grant_set;
COMMENT ON VIEW connector.wanted_grant IS 'What the rules give to each person, by the mapping that read the last feed.';

ALTER TABLE connector.plan DROP COLUMN source, ADD people text[];
COMMENT ON COLUMN connector.plan.people IS 'Keys of the only people whom the plan is about; NULL: everybody.';
COMMENT ON COLUMN connector.plan.feed_id IS 'The newest feed that it was made from.';

-- What each of several sources says of a person. Where there is one source only, its rows are the people at once.
CREATE TABLE connector.statement (
    site           text NOT NULL,
    source         text NOT NULL,
    key            text NOT NULL COLLATE "C",
    said           jsonb NOT NULL,
    row_digest     bytea,
    feed_id        bigint NOT NULL,
    line           integer NOT NULL,
    absent_since   timestamptz,
    absent_feed_id bigint,
    gone           boolean NOT NULL DEFAULT false,
    PRIMARY KEY (site, source, key)
);
COMMENT ON TABLE connector.statement IS 'What one of several sources says of a person: fields by the mapping''s names.';
COMMENT ON COLUMN connector.statement.gone IS 'Missing from two good feeds of a complete source, at least 24 hours apart.';
CREATE INDEX statement_key ON connector.statement (site, key);
CREATE INDEX statement_row ON connector.statement (row_digest);

ALTER TABLE connector.staged ADD said jsonb, ADD source text;
COMMENT ON COLUMN connector.staged.said IS 'What one of several sources says; of a person put together it is NULL.';

CREATE VIEW connector.loaded_source AS
SELECT f.site, f.source, min(q.number) AS plan
FROM (SELECT site, source, min(feed_id) AS feed_id FROM connector.feed WHERE status = 'accepted' GROUP BY site, source) f
JOIN connector.plan q ON q.site = f.site AND q.feed_id >= f.feed_id AND q.people IS NULL
JOIN connector.run r ON r.plan = q.number AND r.kind = 'apply' AND r.status = 'done'
GROUP BY f.site, f.source;
COMMENT ON VIEW connector.loaded_source IS 'Sources whose first load was carried out, with the plan that did it.';

CREATE INDEX person_email ON connector.person (site, lower(wanted ->> 'email'));
