CREATE TABLE connector.welcome (
    site       text NOT NULL,
    account_id bigint NOT NULL,
    person_id  bigint NOT NULL REFERENCES connector.person,
    noted_at   timestamptz NOT NULL,
    state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'done', 'refused', 'over')),
    told_at    timestamptz,
    message    text NOT NULL DEFAULT '',
    PRIMARY KEY (site, account_id)
);
COMMENT ON TABLE connector.welcome IS 'Accounts made here of which people are told by mail: each once, whatever happens.';
COMMENT ON COLUMN connector.welcome.person_id IS 'For whom it was made; told is who has it when it is told.';
COMMENT ON COLUMN connector.welcome.state IS
    'sent without an end: it may have arrived, and is not sent again. over: it held no longer before anybody was told.';
COMMENT ON COLUMN connector.welcome.told_at IS 'Of one that waits: when the mail server last did not take the address.';
CREATE INDEX welcome_waiting ON connector.welcome (site, noted_at) WHERE state = 'waiting';
CREATE INDEX welcome_person ON connector.welcome (person_id);
