CREATE TABLE connector.certificate_serial (
    site     text NOT NULL,
    template text NOT NULL,
    year     integer NOT NULL,
    last     bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (site, template, year)
);
COMMENT ON TABLE connector.certificate_serial IS 'The last serial that was given in each template and year; none is given twice.';

CREATE TABLE connector.certificate (
    certificate_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site           text NOT NULL,
    person_id      bigint NOT NULL REFERENCES connector.person,
    template       text NOT NULL,
    number         text NOT NULL,
    code           text NOT NULL,
    code_hash      bytea NOT NULL UNIQUE,
    language       text NOT NULL,
    name           text NOT NULL,
    title          text NOT NULL,
    issuer         text NOT NULL,
    deed           text NOT NULL,
    earned_at      timestamptz NOT NULL,
    issued_at      timestamptz NOT NULL,
    issued_on      date NOT NULL,
    expires_on     date,
    expires_at     timestamptz,
    issued_by      text NOT NULL,
    manager_id     bigint REFERENCES connector.person,
    reason         text NOT NULL,
    revoked_at     timestamptz,
    revoked_by     text NOT NULL DEFAULT '',
    revoker_id     bigint REFERENCES connector.person,
    revoked_why    text NOT NULL DEFAULT '',
    file           text NOT NULL DEFAULT 'waiting' CHECK (file IN ('waiting', 'made', 'refused')),
    file_message   text NOT NULL DEFAULT '',
    file_at        timestamptz,
    sha256         text,
    changed_at     timestamptz NOT NULL,
    UNIQUE (site, number),
    UNIQUE (site, person_id, template, deed),
    CHECK ((expires_on IS NULL) = (expires_at IS NULL)),
    CHECK ((issued_by = '') = (reason = '')),
    CHECK (revoked_at IS NULL OR revoked_why <> '')
);
COMMENT ON TABLE connector.certificate IS 'Certificates that were issued here. None is deleted: numbers are never given again.';
COMMENT ON COLUMN connector.certificate.deed IS 'What earned it: no rule issues two for one deed.';
COMMENT ON COLUMN connector.certificate.name IS 'As printed, like title and issuer, whatever becomes of person and mapping.';
COMMENT ON COLUMN connector.certificate.code IS 'For verification; random, and not to be guessed from the number.';
COMMENT ON COLUMN connector.certificate.code_hash IS 'SHA-256 of the code, by which it is looked up: how long that takes tells nothing of a code.';
COMMENT ON COLUMN connector.certificate.expires_on IS 'The last day on which it holds, where the person is; expires_at: when that is over.';
COMMENT ON COLUMN connector.certificate.issued_by IS 'Empty: by rule. With manager_id a manager''s key; without it who acted for HR.';
COMMENT ON COLUMN connector.certificate.changed_at IS 'When it was issued or revoked.';
CREATE INDEX certificate_person ON connector.certificate (person_id);
CREATE INDEX certificate_waiting ON connector.certificate (site, certificate_id) WHERE file = 'waiting';
CREATE INDEX certificate_changed ON connector.certificate (site, changed_at);

-- What people issue and revoke stands in the audit trail. The reason stays here: it may tell of a person.
CREATE FUNCTION connector.note_certificate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO connector.audit_trail (at, actor, action, subject, detail)
    VALUES (CASE WHEN TG_OP = 'INSERT' THEN NEW.issued_at ELSE NEW.revoked_at END,
            CASE WHEN TG_OP = 'INSERT' THEN NEW.issued_by ELSE NEW.revoked_by END,
            CASE WHEN TG_OP = 'INSERT' THEN 'certificate_issued' ELSE 'certificate_revoked' END,
            NEW.number,
            jsonb_build_object('template', NEW.template, 'person_id', NEW.person_id,
                               'as_hr', (CASE WHEN TG_OP = 'INSERT' THEN NEW.manager_id ELSE NEW.revoker_id END) IS NULL));
    RETURN NULL;
END
$$;
CREATE TRIGGER certificate_issued AFTER INSERT ON connector.certificate
    FOR EACH ROW WHEN (NEW.issued_by <> '') EXECUTE FUNCTION connector.note_certificate();
CREATE TRIGGER certificate_revoked AFTER UPDATE OF revoked_at ON connector.certificate
    FOR EACH ROW WHEN (NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION connector.note_certificate();
