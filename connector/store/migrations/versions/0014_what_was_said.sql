-- What HR said of people before, so that it can be told why somebody has or had something. Nothing is written for people
-- who are named for the first time: a first load costs nothing more.
CREATE TABLE connector.person_event (
    person_id bigint NOT NULL, -- of a person: written by the change of that person, so that checking each row is saved
    at        timestamptz NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('said', 'missing', 'gone', 'back')),
    feed_id   bigint,
    line      integer,
    was       jsonb
);
COMMENT ON TABLE connector.person_event IS
    'When HR said something new of a person, and what it had said until then; when a person was missing, gone, and back.';
COMMENT ON COLUMN connector.person_event.was IS
    'The row of person as it was, with the feed and line that had said so; of absence NULL.';
CREATE INDEX person_event_person ON connector.person_event (person_id);
CREATE INDEX rejection_key ON connector.rejection (key) WHERE key IS NOT NULL;

-- Once for each statement, because for each row it took four times as long. The plan of a few rows is kept for many: no
-- nested loop, which would compare each of them with each. One feed of a site is believed at a time, so that what becomes of
-- somebody's absence is the newest one's doing.
CREATE FUNCTION connector.note_person_events() RETURNS trigger LANGUAGE plpgsql SET enable_nestloop = off AS $$
BEGIN
    INSERT INTO connector.person_event (person_id, at, kind, feed_id, line, was)
    SELECT n.person_id, n.changed_at, 'said', n.feed_id, n.line,
           to_jsonb(o) - ARRAY['person_id', 'site', 'key', 'row_digest', 'manager_id', 'first_seen', 'absent_since',
                               'absent_feed_id', 'gone']
    FROM was o JOIN becomes n ON n.person_id = o.person_id AND n.changed_at <> o.changed_at;

    INSERT INTO connector.person_event (person_id, at, kind, feed_id)
    SELECT c.person_id, f.received_at, c.kind, f.feed_id
    FROM (
        SELECT n.person_id, n.site, CASE
                   WHEN n.gone AND NOT o.gone THEN 'gone'
                   WHEN n.absent_since IS NULL OR o.gone AND NOT n.gone THEN 'back'
                   ELSE 'missing'
               END AS kind
        FROM was o JOIN becomes n ON n.person_id = o.person_id
        WHERE o.gone <> n.gone OR (o.absent_since IS NULL) <> (n.absent_since IS NULL)
    ) c
    JOIN (SELECT site, max(feed_id) AS feed_id FROM connector.feed GROUP BY site) newest ON newest.site = c.site
    JOIN connector.feed f ON f.feed_id = newest.feed_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER person_changed AFTER UPDATE ON connector.person
    REFERENCING OLD TABLE AS was NEW TABLE AS becomes
    FOR EACH STATEMENT EXECUTE FUNCTION connector.note_person_events();
