-- Identity systems that push people by SCIM 2.0. Each client is a directory of its own and sees nothing of another.
CREATE TABLE connector.scim_client (
    client_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL UNIQUE COLLATE "C",
    created_at timestamptz NOT NULL,
    changes    bigint NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL,
    taken      bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE connector.scim_client IS
    'Who pushes people here. Whoever writes into a directory locks its row first, so that changes come one after another.';
COMMENT ON COLUMN connector.scim_client.changes IS 'The number of the last change; it grows by one with each that is committed.';
COMMENT ON COLUMN connector.scim_client.taken IS 'The change up to which the way in has taken people.';

CREATE TABLE connector.scim_token (
    token_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_id  bigint NOT NULL REFERENCES connector.scim_client,
    digest     bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    revoked_at timestamptz
);
COMMENT ON TABLE connector.scim_token IS 'Known by the SHA-256 of the token, which only the client has.';
CREATE INDEX scim_token_client ON connector.scim_token (client_id);

CREATE TABLE connector.scim_user (
    user_id      uuid PRIMARY KEY,
    client_id    bigint NOT NULL REFERENCES connector.scim_client,
    place        bigint GENERATED ALWAYS AS IDENTITY,
    document     jsonb NOT NULL,
    name_key     text NOT NULL COLLATE "C",
    external_key text COLLATE "C",
    number_key   text COLLATE "C",
    email_keys   text[] NOT NULL DEFAULT '{}',
    version      bigint NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL,
    modified_at  timestamptz NOT NULL,
    changed      bigint NOT NULL,
    gone_at      timestamptz,
    UNIQUE (client_id, user_id)
);
COMMENT ON TABLE connector.scim_user IS 'Users as a client last told them; a deleted one stays as gone, so that the way in can suspend.';
COMMENT ON COLUMN connector.scim_user.place IS 'The order in which users are listed.';
COMMENT ON COLUMN connector.scim_user.document IS 'The resource in JSON without id, meta and groups, and never with a password.';
COMMENT ON COLUMN connector.scim_user.name_key IS 'userName in the form that is compared: composed and in lower case.';
COMMENT ON COLUMN connector.scim_user.number_key IS 'employeeNumber, by which a gone user is known who was made anew.';
COMMENT ON COLUMN connector.scim_user.changed IS 'The number of the change of the client that last touched this user, also by way of a group.';
CREATE UNIQUE INDEX scim_user_name ON connector.scim_user (client_id, name_key) WHERE gone_at IS NULL;
CREATE INDEX scim_user_place ON connector.scim_user (client_id, place) WHERE gone_at IS NULL;
CREATE INDEX scim_user_any_name ON connector.scim_user (client_id, name_key);
CREATE INDEX scim_user_external ON connector.scim_user (client_id, external_key);
CREATE INDEX scim_user_number ON connector.scim_user (client_id, number_key);
CREATE INDEX scim_user_changed ON connector.scim_user (client_id, changed);
CREATE INDEX scim_user_email ON connector.scim_user USING gin (email_keys);

CREATE TABLE connector.scim_group (
    group_id     uuid PRIMARY KEY,
    client_id    bigint NOT NULL REFERENCES connector.scim_client,
    place        bigint GENERATED ALWAYS AS IDENTITY,
    document     jsonb NOT NULL,
    name_key     text NOT NULL COLLATE "C",
    external_key text COLLATE "C",
    version      bigint NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL,
    modified_at  timestamptz NOT NULL,
    UNIQUE (client_id, group_id)
);
COMMENT ON TABLE connector.scim_group IS 'Groups as a client last told them; who is in them stands in scim_member.';
CREATE INDEX scim_group_place ON connector.scim_group (client_id, place);
CREATE INDEX scim_group_name ON connector.scim_group (client_id, name_key);
CREATE INDEX scim_group_external ON connector.scim_group (client_id, external_key);

CREATE TABLE connector.scim_member (
    client_id   bigint NOT NULL,
    group_id    uuid NOT NULL,
    user_id     uuid,
    subgroup_id uuid,
    CHECK (num_nonnulls(user_id, subgroup_id) = 1),
    UNIQUE (group_id, user_id),
    UNIQUE (group_id, subgroup_id),
    FOREIGN KEY (client_id, group_id) REFERENCES connector.scim_group (client_id, group_id) ON DELETE CASCADE,
    FOREIGN KEY (client_id, user_id) REFERENCES connector.scim_user (client_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (client_id, subgroup_id) REFERENCES connector.scim_group (client_id, group_id) ON DELETE CASCADE
);
COMMENT ON TABLE connector.scim_member IS 'Who is in a group: a user or another group of the same client.';
CREATE INDEX scim_member_user ON connector.scim_member (user_id);
CREATE INDEX scim_member_subgroup ON connector.scim_member (subgroup_id);
