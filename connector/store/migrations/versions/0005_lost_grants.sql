-- Filled while Moodle is compared with the ledger, and emptied with it. A crash empties it, and the next reading notes anew.
CREATE UNLOGGED TABLE connector.lost_grant (
    grant_id bigint PRIMARY KEY,
    site     text NOT NULL,
    read_at  timestamptz NOT NULL
);
COMMENT ON TABLE connector.lost_grant IS
    'Grants that somebody took away in Moodle, until all are counted: the guard decides whether they end in the ledger.';
COMMENT ON COLUMN connector.lost_grant.read_at IS 'When the reading began that noticed it.';

CREATE INDEX ledger_cohort ON connector.ledger (place_id) WHERE kind = 'cohort' AND ended_at IS NULL;
COMMENT ON COLUMN connector.ledger.granted_at IS
    'When it was given or last altered: a reading that began before does not judge it. terms keep the day of the grant.';
