-- The console: who may sign in, who is signed in, and what was done by whom.
CREATE TABLE connector.console_account (
    account_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name             text NOT NULL UNIQUE COLLATE "C",
    display_name     text NOT NULL,
    role             text NOT NULL
                     CHECK (role IN ('admin', 'hr', 'manager', 'instructor', 'reporting', 'learner')),
    language         text NOT NULL DEFAULT '',
    timezone         text NOT NULL DEFAULT 'UTC',
    disabled         boolean NOT NULL DEFAULT false,
    password_hash    text,
    totp             text,
    totp_step        bigint NOT NULL DEFAULT 0,
    shown_totp       text,
    setup_digest     bytea UNIQUE,
    setup_expires_at timestamptz
);
COMMENT ON TABLE connector.console_account IS 'Who may sign in to the console; ready once password_hash and totp are there.';
COMMENT ON COLUMN connector.console_account.name IS 'In the one form that is looked up: composed and folded.';
COMMENT ON COLUMN connector.console_account.totp IS 'The secret of one-time codes, sealed with console.secret.';
COMMENT ON COLUMN connector.console_account.totp_step IS 'Of the last code that was used: each counts once.';
COMMENT ON COLUMN connector.console_account.setup_digest IS 'SHA-256 of the set-up code.';

CREATE TABLE connector.console_recovery_code (
    account_id bigint NOT NULL REFERENCES connector.console_account ON DELETE CASCADE,
    digest     bytea NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (account_id, digest)
);

CREATE TABLE connector.console_session (
    digest     bytea PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES connector.console_account ON DELETE CASCADE,
    started_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL
);
COMMENT ON TABLE connector.console_session IS 'Known by the SHA-256 of the token, which only the browser has.';
CREATE INDEX console_session_account ON connector.console_session (account_id);

CREATE TABLE connector.console_try (
    name_digest bytea PRIMARY KEY,
    failures    integer NOT NULL,
    failed_at   timestamptz NOT NULL
);
COMMENT ON TABLE connector.console_try IS
    'Tries to sign in that did not succeed, by SHA-256 of the name, whether or not an account has it.';

CREATE TABLE connector.audit_trail (
    entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL,
    actor    text NOT NULL,
    action   text NOT NULL,
    subject  text NOT NULL,
    detail   jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE connector.audit_trail IS 'What was done by whom. Entries are added and never altered.';
CREATE INDEX audit_trail_at ON connector.audit_trail (at DESC);

CREATE FUNCTION connector.refuse_alteration() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail cannot be altered' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_trail_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON connector.audit_trail
    FOR EACH STATEMENT EXECUTE FUNCTION connector.refuse_alteration();

-- A decision and its entry are one: whoever decides, and by whatever way.
CREATE FUNCTION connector.note_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO connector.audit_trail (at, actor, action, subject, detail)
    SELECT NEW.decided_at, NEW.decided_by, 'hold_' || NEW.state, p.hash,
           jsonb_build_object('site', p.site, 'plan', p.number, 'class', NEW.guard_class, 'count', NEW.count,
                              'digest', NEW.digest)
    FROM connector.plan p WHERE p.number = NEW.plan;
    RETURN NULL;
END
$$;
CREATE TRIGGER hold_decided AFTER UPDATE OF state ON connector.hold
    FOR EACH ROW WHEN (NEW.state IN ('approved', 'rejected')) EXECUTE FUNCTION connector.note_decision();

CREATE INDEX hold_question ON connector.hold (digest, guard_class, plan DESC);
COMMENT ON INDEX connector.hold_question IS 'The same changes in a later plan are the same question.';
