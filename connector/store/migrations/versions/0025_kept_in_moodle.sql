CREATE TABLE connector.calendar_entry (
    site        text NOT NULL,
    account_id  bigint NOT NULL,
    requirement text NOT NULL,
    due_on      date,
    digest      text NOT NULL,
    state       text NOT NULL CHECK (state IN ('sent', 'put', 'refused')),
    message     text NOT NULL DEFAULT '',
    sent_at     timestamptz NOT NULL,
    PRIMARY KEY (site, account_id, requirement)
);
COMMENT ON TABLE connector.calendar_entry IS
    'Due dates that stand, or may stand, in calendars in Moodle; the row goes once the entry is removed there.';
COMMENT ON COLUMN connector.calendar_entry.state IS
    'sent: no answer yet, so that it is sent again. refused: Moodle does not take it; it is asked again after a day.';
COMMENT ON COLUMN connector.calendar_entry.digest IS 'Of what the entry says; another one is put in its place.';

CREATE TABLE connector.linked_login (
    site       text NOT NULL,
    account_id bigint NOT NULL,
    issuer_id  integer NOT NULL,
    username   text NOT NULL,
    state      text NOT NULL CHECK (state IN ('sent', 'put', 'refused')),
    message    text NOT NULL DEFAULT '',
    sent_at    timestamptz NOT NULL,
    PRIMARY KEY (site, account_id, issuer_id, username)
);
COMMENT ON TABLE connector.linked_login IS
    'Identities of OAuth 2 providers that are, or may be, linked with accounts; the row goes once that is ended.';
COMMENT ON COLUMN connector.linked_login.username IS 'As the provider names it.';
COMMENT ON COLUMN connector.linked_login.state IS
    'sent: no answer yet, so that it is sent again. refused: Moodle does not take it; it is asked again after a day.';

CREATE FUNCTION connector.signing_in(of_site text, identity text, at timestamptz)
RETURNS TABLE (account_id bigint, username text, email text) LANGUAGE sql STABLE AS $$
    SELECT b.account_id, lower(btrim(a.fields ->> identity)), a.fields ->> 'email'
    FROM connector.binding b
    JOIN connector.person p ON p.person_id = b.person_id
    JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id AND a.fields <> '{}'
    WHERE b.site = of_site AND connector.employment_status(p, at, 36500) <> 'left'
      AND COALESCE(a.fields ->> 'auth', p.wanted ->> 'auth', p.initial ->> 'auth') = 'oauth2'
      AND btrim(a.fields ->> identity) <> '' AND a.fields ->> 'email' <> ''
      AND a.fields ->> 'email' NOT LIKE '%@moved.invalid' AND a.fields ->> 'username' <> 'moved-' || p.person_id
$$;
COMMENT ON FUNCTION connector.signing_in IS
    'Accounts of people who work here or are to, and sign in by OAuth 2, with their names at the provider.';
