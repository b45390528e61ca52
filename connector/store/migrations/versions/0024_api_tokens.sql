CREATE TABLE connector.api_token (
    token_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site       text NOT NULL,
    name       text NOT NULL,
    digest     bytea NOT NULL UNIQUE,
    scopes     text[] NOT NULL CHECK (cardinality(scopes) > 0),
    unit       text NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    revoked_at timestamptz
);
COMMENT ON TABLE connector.api_token IS 'Who may ask the API, known by the SHA-256 of the token, which only its holder has.';
COMMENT ON COLUMN connector.api_token.unit IS 'It sees this unit and all below it; empty: everybody.';
CREATE UNIQUE INDEX api_token_name ON connector.api_token (site, name) WHERE revoked_at IS NULL;
