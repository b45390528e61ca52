-- What HR said of people before, so that it can be told why somebody has or had something. Nothing is written for people
-- who are named for the first time: a first load costs nothing more.
CREATE TABLE connector.person_event (
    person_id bigint NOT NULL REFERENCES connector.person ON DELETE CASCADE,
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

CREATE FUNCTION connector.note_new_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO connector.person_event (person_id, at, kind, feed_id, line, was)
    VALUES (NEW.person_id, NEW.changed_at, 'said', NEW.feed_id, NEW.line,
            to_jsonb(OLD) - ARRAY['person_id', 'site', 'key', 'row_digest', 'manager_id', 'first_seen', 'absent_since',
                                  'absent_feed_id', 'gone']);
    RETURN NULL;
END
$$;
CREATE TRIGGER said_anew AFTER UPDATE OF changed_at ON connector.person
    FOR EACH ROW WHEN (OLD.changed_at <> NEW.changed_at) EXECUTE FUNCTION connector.note_new_words();

-- One feed of a site is believed at a time: what becomes of somebody's absence is the newest one's doing.
CREATE FUNCTION connector.note_absence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO connector.person_event (person_id, at, kind, feed_id)
    SELECT NEW.person_id, f.received_at,
           CASE WHEN NEW.gone AND NOT OLD.gone THEN 'gone'
                WHEN NEW.absent_since IS NULL OR OLD.gone AND NOT NEW.gone THEN 'back'
                ELSE 'missing' END,
           f.feed_id
    FROM connector.feed f WHERE f.site = NEW.site ORDER BY f.feed_id DESC LIMIT 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER absence_noted AFTER UPDATE OF absent_since, gone ON connector.person
    FOR EACH ROW WHEN (OLD.gone <> NEW.gone OR (OLD.absent_since IS NULL) <> (NEW.absent_since IS NULL))
    EXECUTE FUNCTION connector.note_absence();
