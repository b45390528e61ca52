CREATE TABLE connector.erasure (
    erasure_id          uuid PRIMARY KEY,
    site                text NOT NULL,
    pseudonym           text NOT NULL,
    person_ids          bigint[] NOT NULL,
    erased_at           timestamptz NOT NULL,
    erased_by           text NOT NULL,
    reason              text NOT NULL,
    counts              jsonb NOT NULL,
    fingerprint         text NOT NULL,
    facts_erased_at     timestamptz,
    readmitted_at       timestamptz,
    readmitted_by       text NOT NULL DEFAULT '',
    readmitted_because  text NOT NULL DEFAULT '',
    UNIQUE (site, pseudonym)
);
COMMENT ON TABLE connector.erasure IS 'People who were erased: that it was done, when, by whom and why, and nothing of them.';
COMMENT ON COLUMN connector.erasure.facts_erased_at IS 'When reports and files of certificates had followed; NULL: they are still to.';
COMMENT ON COLUMN connector.erasure.fingerprint IS 'Of the secret that made the hashes.';

CREATE TABLE connector.erasure_mark (
    erasure_id uuid NOT NULL REFERENCES connector.erasure ON DELETE CASCADE,
    kind       text NOT NULL CHECK (kind IN ('key', 'idnumber', 'email')),
    mark       bytea NOT NULL,
    PRIMARY KEY (erasure_id, kind, mark)
);
COMMENT ON TABLE connector.erasure_mark IS 'Keyed hashes by which somebody who was erased is known again.';

CREATE TABLE connector.erased_username (
    site text NOT NULL,
    mark bytea NOT NULL,
    PRIMARY KEY (site, mark)
);
COMMENT ON TABLE connector.erased_username IS 'Keyed hashes of usernames of people who were erased: never given again.';

CREATE FUNCTION connector.is_said(word text, said text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT said <> '' AND word <> '' AND (
        length(word) > 3 AND position(word IN connector.folded(said)) > 0
        OR position(' ' || word || ' ' IN ' ' || translate(connector.folded(said), ',:;.()', '      ') || ' ') > 0)
$$;
COMMENT ON FUNCTION connector.is_said IS
    'Does a sentence say this word, which is folded? Short ones are looked for as whole words only.';

-- Managers decide by the key that HR gives them. Of an erased one the pseudonym is left, and of what was done everything.
CREATE FUNCTION connector.refuse_all_but_erasing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.entry_id, NEW.at, NEW.action, NEW.subject, NEW.detail)
       IS DISTINCT FROM (OLD.entry_id, OLD.at, OLD.action, OLD.subject, OLD.detail) OR NEW.actor NOT LIKE 'erased-%' THEN
        RAISE EXCEPTION 'the audit trail cannot be altered' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
DROP TRIGGER audit_trail_only_grows ON connector.audit_trail;
CREATE TRIGGER audit_trail_only_grows BEFORE DELETE OR TRUNCATE ON connector.audit_trail
    FOR EACH STATEMENT EXECUTE FUNCTION connector.refuse_alteration();
CREATE TRIGGER audit_trail_unaltered BEFORE UPDATE ON connector.audit_trail
    FOR EACH ROW EXECUTE FUNCTION connector.refuse_all_but_erasing();
COMMENT ON TABLE connector.audit_trail IS
    'What was done by whom. Entries are added and never altered, but for the key of somebody who was erased.';
