CREATE TABLE connector.reading_choice (
    site        text PRIMARY KEY,
    wanted      text NOT NULL,
    told        jsonb NOT NULL,
    found_at    timestamptz NOT NULL,
    holds_until timestamptz NOT NULL
);
COMMENT ON TABLE connector.reading_choice IS 'How a Moodle was found to be best read: by which of its reports.';
COMMENT ON COLUMN connector.reading_choice.wanted IS 'The setting moodle.reader as it was when this was found.';
