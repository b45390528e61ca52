-- Whose account is whose, asked about a few people as thoroughly as about everybody.
CREATE INDEX person_idnumber ON connector.person
    (site, lower(normalize(COALESCE(wanted ->> 'idnumber', initial ->> 'idnumber'))));

-- Accounts of administrators, which Moodle does not name: it refuses to change them.
ALTER TABLE connector.account ADD administrator_since timestamptz;
COMMENT ON COLUMN connector.account.administrator_since IS
    'When Moodle last refused to change it because it is an administrator''s.';

CREATE VIEW connector.administrator AS
SELECT a.site, a.account_id
FROM connector.account a
WHERE a.administrator_since IS NOT NULL AND NOT EXISTS (
    SELECT FROM connector."case" c
    WHERE c.site = a.site AND c.kind = 'protected' AND c.settlement ->> 'account' = a.account_id::text
      AND c.withdrawn_at IS NULL AND c.settled_at > a.administrator_since);
COMMENT ON VIEW connector.administrator IS
    'Accounts that are never touched because Moodle says that they are administrators'', and nobody has said otherwise since.';
