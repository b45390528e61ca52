CREATE TABLE connector.job (
    site         text NOT NULL,
    name         text NOT NULL,
    started_at   timestamptz NOT NULL,
    finished_at  timestamptz,
    outcome      text NOT NULL DEFAULT 'running' CHECK (outcome IN ('running', 'done', 'failed', 'broken', 'stopped')),
    failures     integer NOT NULL DEFAULT 0,
    error        text NOT NULL DEFAULT '',
    succeeded_at timestamptz,
    PRIMARY KEY (site, name)
);
COMMENT ON TABLE connector.job IS 'How the last run of each job went, in whichever process.';
COMMENT ON COLUMN connector.job.failures IS 'Runs since the last good one that failed.';
COMMENT ON COLUMN connector.job.outcome IS 'running also where the process was killed: then the lock is free.';

CREATE TABLE connector.notice (
    site       text NOT NULL,
    channel    text NOT NULL,
    key        text NOT NULL,
    mark       text NOT NULL,
    kind       text NOT NULL,
    facts      jsonb NOT NULL,
    since      timestamptz NOT NULL,
    told_at    timestamptz NOT NULL,
    PRIMARY KEY (site, channel, key)
);
COMMENT ON TABLE connector.notice IS
    'What people were told by a channel (mail, webhook) and not yet told to be over. No personal data.';
COMMENT ON COLUMN connector.notice.mark IS 'Where it changes, the notice is news again: a hold of other changes.';
COMMENT ON COLUMN connector.notice.since IS 'When it was first told, told_at when last.';
