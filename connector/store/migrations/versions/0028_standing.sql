-- Whom nobody knew when the file was read may have been named since; not by a key that HR has given to two people.
CREATE VIEW connector.whose_record AS
SELECT i.site, r.import_id, r.line, r.person_id
FROM connector.import_record r JOIN connector.import_batch i USING (import_id)
WHERE i.status = 'taken' AND r.person_id IS NOT NULL
UNION ALL
SELECT i.site, r.import_id, r.line, p.person_id
FROM connector.import_record r
JOIN connector.import_batch i USING (import_id)
JOIN connector.person p ON p.site = i.site AND connector.folded(p.key) = connector.folded(r.key)
WHERE i.status = 'taken' AND r.person_id IS NULL AND r.key <> '' AND NOT EXISTS (
    SELECT FROM connector.person f WHERE f.site = i.site AND connector.folded(f.formerly) = connector.folded(r.key));
COMMENT ON VIEW connector.whose_record IS 'Whose each record of a former system is that counts; of those set aside it has none.';

CREATE VIEW connector.set_aside AS
SELECT i.site, r.key, r.email
FROM connector.import_record r JOIN connector.import_batch i USING (import_id)
WHERE r.person_id IS NULL AND NOT EXISTS (
    SELECT FROM connector.whose_record w WHERE w.import_id = r.import_id AND w.line = r.line)
UNION
SELECT i.site, r.key, '' FROM connector.import_rejection r JOIN connector.import_batch i USING (import_id) WHERE r.key <> ''
UNION
SELECT f.site, r.key, '' FROM connector.rejection r JOIN connector.feed f USING (feed_id) WHERE r.key <> ''
UNION
SELECT f.site, s.key, '' FROM connector.staged s JOIN connector.feed f USING (feed_id) WHERE s.key <> '';
COMMENT ON VIEW connector.set_aside IS
    'Keys and addresses of rows that came to nothing: of former systems and of feeds. Some are of people who are known.';

ALTER TABLE connector.erasure ADD COLUMN standing jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN connector.erasure.standing IS 'What stood elsewhere when the person was erased, and stays until somebody ends it there.';

CREATE FUNCTION connector.console_accounts_of(ids bigint[], words text[])
RETURNS TABLE (account_id bigint, name text, surely boolean) LANGUAGE sql STABLE AS $$
    SELECT a.account_id, a.name, cardinality(ids) > 0 AND NOT EXISTS (
        SELECT FROM connector.person o WHERE o.person_id <> ALL(ids) AND connector.folded(a.name) IN (
            connector.folded(o.key), connector.folded(o.wanted ->> 'email'), connector.folded(o.wanted ->> 'username'),
            connector.folded(o.initial ->> 'email'), connector.folded(o.initial ->> 'username')))
    FROM connector.console_account a
    WHERE connector.folded(a.name) IN (SELECT connector.folded(word) FROM unnest(words) AS w (word))
$$;
COMMENT ON FUNCTION connector.console_accounts_of IS
    'Accounts of the console by a key, address or username of a person; surely: nobody of any site has it beside.';

CREATE FUNCTION connector.acting_as(ids bigint[], words text[])
RETURNS TABLE (folded text, everywhere boolean) LANGUAGE sql STABLE AS $$
    SELECT connector.folded(p.key), false FROM connector.person p
    WHERE p.person_id = ANY(ids)
      AND NOT EXISTS (SELECT FROM connector.console_account a WHERE connector.folded(a.name) = connector.folded(p.key))
    UNION ALL
    SELECT connector.folded(c.name), true FROM connector.console_accounts_of(ids, words) c WHERE c.surely
$$;
COMMENT ON FUNCTION connector.acting_as IS
    'As whom a person decided something: by a key at its site, by an account of the console everywhere.';

-- Of an erased account of the console the pseudonym is left, as who did something and as to whom it was done.
CREATE OR REPLACE FUNCTION connector.refuse_all_but_erasing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.entry_id, NEW.at, NEW.action, NEW.detail) IS DISTINCT FROM (OLD.entry_id, OLD.at, OLD.action, OLD.detail)
       OR NEW.actor <> OLD.actor AND NEW.actor NOT LIKE 'erased-%'
       OR NEW.subject <> OLD.subject AND NEW.subject NOT LIKE 'erased-%' THEN
        RAISE EXCEPTION 'the audit trail cannot be altered' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON TABLE connector.audit_trail IS
    'What was done by whom. Entries are added and never altered, but for key and account of somebody who was erased.';
