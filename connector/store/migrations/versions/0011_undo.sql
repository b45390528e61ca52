ALTER TABLE connector.plan ADD COLUMN undoes bigint REFERENCES connector.run,
                           ADD COLUMN asked_by text NOT NULL DEFAULT '';
COMMENT ON COLUMN connector.plan.undoes IS 'The run whose changes this plan takes back; NULL for a plan of what HR says.';
COMMENT ON COLUMN connector.plan.asked_by IS 'Who asked for a plan that takes a run back.';

CREATE FUNCTION connector.wishes(kind text, terms jsonb) RETURNS TABLE (field text, value jsonb)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT f.key, f.value FROM jsonb_each(terms - 'profile') f WHERE kind IS NULL
    UNION ALL
    SELECT 'profile.' || f.key, f.value FROM jsonb_each(terms -> 'profile') f WHERE kind IS NULL
    UNION ALL
    SELECT '', terms - ARRAY['granted_on', 'timezone', 'starts_on', 'ends_on', 'due_on', 'due_since', 'due_before_leave', 'kept_until',
                         'present']
                     - CASE WHEN terms -> 'suspended' = 'true' THEN '' ELSE 'suspended' END
    WHERE kind IS NOT NULL
$$;
COMMENT ON FUNCTION connector.wishes IS
    'What a change wants, piece by piece: each field of an account; of a grant its terms, less the days that came of them.';

CREATE TABLE connector.undone (
    site      text NOT NULL,
    person_id bigint NOT NULL REFERENCES connector.person,
    kind      text NOT NULL,
    target    text NOT NULL,
    field     text NOT NULL,
    value     jsonb NOT NULL,
    plan      bigint NOT NULL REFERENCES connector.plan,
    undone_at timestamptz NOT NULL,
    PRIMARY KEY (site, person_id, kind, target, field)
);
COMMENT ON TABLE connector.undone IS
    'What a person had taken back: a plan that wants it again holds it. It ends with the next change of the same thing.';
COMMENT ON COLUMN connector.undone.kind IS 'Of the grant, empty for the account; field and value are those of wishes().';

ALTER TABLE connector.job ADD COLUMN tries integer NOT NULL DEFAULT 0,
                          ADD COLUMN failing_since timestamptz;
COMMENT ON COLUMN connector.job.tries IS
    'Failed runs since the last good one that make the pauses longer; what waits for a person is not counted.';
COMMENT ON COLUMN connector.job.failing_since IS 'When the first of them ended.';
