CREATE TABLE connector.import_batch (
    import_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site        text NOT NULL,
    source      text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('completions', 'certificates')),
    name        text NOT NULL,
    digest      text NOT NULL,
    status      text NOT NULL CHECK (status IN ('taken', 'refused', 'undone')),
    rows        bigint NOT NULL,
    kept        bigint NOT NULL,
    rejected    bigint NOT NULL,
    set_aside   bigint NOT NULL,
    erased      bigint NOT NULL,
    left_out    bigint NOT NULL,
    reasons     jsonb NOT NULL,
    imported_at timestamptz NOT NULL,
    imported_by text NOT NULL,
    undone_at   timestamptz,
    undone_by   text,
    CHECK ((status = 'undone') = (undone_at IS NOT NULL)),
    CHECK ((undone_at IS NULL) = (undone_by IS NULL))
);
COMMENT ON TABLE connector.import_batch IS 'Files with training records of former systems: what came of each, by whom.';
COMMENT ON COLUMN connector.import_batch.kept IS
    'Records that are kept; set_aside: those of them of whom nobody is known. Of erased people and courses left out none is.';
CREATE UNIQUE INDEX import_batch_taken ON connector.import_batch (site, source, digest) WHERE status = 'taken';

CREATE TABLE connector.import_record (
    import_id   bigint NOT NULL REFERENCES connector.import_batch ON DELETE CASCADE,
    line        bigint NOT NULL,
    person_id   bigint REFERENCES connector.person,
    key         text NOT NULL,
    email       text NOT NULL,
    courses     text[] NOT NULL,
    done_at     timestamptz NOT NULL,
    precision   text NOT NULL CHECK (precision IN ('day', 'minute', 'second')),
    score       double precision,
    score_max   double precision,
    template    text NOT NULL,
    number      text NOT NULL,
    expires_at  timestamptz,
    PRIMARY KEY (import_id, line)
);
COMMENT ON TABLE connector.import_record IS 'What somebody did in a former system: courses completed, or a certificate.';
COMMENT ON COLUMN connector.import_record.person_id IS 'Empty: set aside, because nobody is known by key and email.';
COMMENT ON COLUMN connector.import_record.done_at IS 'When it was completed or issued; of precision "day": noon of that day.';
CREATE INDEX import_record_person ON connector.import_record (person_id);

CREATE TABLE connector.import_rejection (
    import_id bigint NOT NULL REFERENCES connector.import_batch ON DELETE CASCADE,
    line      bigint NOT NULL,
    key       text,
    field     text NOT NULL,
    reason    text NOT NULL
);
COMMENT ON TABLE connector.import_rejection IS 'Rows of such files that could not be used, and why.';
CREATE INDEX import_rejection_import ON connector.import_rejection (import_id);
