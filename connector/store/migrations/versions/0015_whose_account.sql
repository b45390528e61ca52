-- Whose account is whose, asked about a few people as thoroughly as about everybody.
CREATE FUNCTION connector.folded(key text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(normalize(key COLLATE "default"))
$$;
COMMENT ON FUNCTION connector.folded IS 'For comparing keys: a difference in case or Unicode form alone is none.';

CREATE INDEX person_idnumber ON connector.person
    (site, connector.folded(COALESCE(wanted ->> 'idnumber', initial ->> 'idnumber')));

-- Accounts of administrators, which Moodle does not name: it refuses to change them.
ALTER TABLE connector.account ADD administrator_since timestamptz;
COMMENT ON COLUMN connector.account.administrator_since IS
    'When Moodle last refused to change it because it is an administrator''s.';

CREATE INDEX account_administrator ON connector.account (site, account_id) WHERE administrator_since IS NOT NULL;

CREATE VIEW connector.administrator AS
SELECT a.site, a.account_id
FROM connector.account a
WHERE a.administrator_since IS NOT NULL AND NOT EXISTS (
    SELECT FROM connector."case" c
    WHERE c.site = a.site AND c.kind = 'protected' AND c.settlement ->> 'account' = a.account_id::text
      AND c.withdrawn_at IS NULL AND c.settled_at > a.administrator_since);
COMMENT ON VIEW connector.administrator IS
    'Accounts that are never touched because Moodle says that they are administrators'', and nobody has said otherwise since.';

-- A key that HR gives to another human, long after the one of before left.
ALTER TABLE connector.person ADD another boolean NOT NULL DEFAULT false, ADD formerly text COLLATE "C";
COMMENT ON COLUMN connector.person.another IS
    'Somebody else seems to have this key now: to us the one of before has left, until a person has decided.';
COMMENT ON COLUMN connector.person.formerly IS 'The key that this human had until it was given to another one.';

CREATE TABLE connector.left_person (
    person_id bigint PRIMARY KEY REFERENCES connector.person,
    was       jsonb NOT NULL
);
COMMENT ON TABLE connector.left_person IS
    'Who has left, as HR said it then, until the same human works here again: by it a key is known that is given anew.';
INSERT INTO connector.left_person (person_id, was)
SELECT p.person_id, to_jsonb(p) FROM connector.person p WHERE p.left_on IS NOT NULL;

CREATE OR REPLACE FUNCTION connector.employment_status(p connector.person, at timestamptz, ahead integer)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN p.moved_to IS NOT NULL OR p.another THEN 'left' ELSE connector.said_status(p, at, ahead) END
$$;

-- Keys that differ in case or Unicode form alone are one.
CREATE INDEX person_folded_key ON connector.person (site, connector.folded(key));

-- Who has a name that somebody is to get, looked up for a few people.
CREATE INDEX account_email ON connector.account (site, lower(fields ->> 'email'));
CREATE INDEX account_username ON connector.account (site, lower(fields ->> 'username'));
CREATE INDEX person_missing_manager ON connector.person (site, manager_key) WHERE manager_missing_since IS NOT NULL;
