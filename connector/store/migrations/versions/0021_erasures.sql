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
COMMENT ON COLUMN connector.erasure.facts_erased_at IS 'When the reports had followed; NULL: they are still to.';
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
