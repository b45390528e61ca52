-- Erasing somebody from the tables of the way in; the steps are in the order in which they run, in one transaction.

-- name: same_human
-- The people of all keys that are one human's: what HR declared, or somebody settled.
WITH RECURSIVE human (person_id, key, moved_to) AS (
    SELECT person_id, key, moved_to FROM connector.person
    WHERE site = %(site)s AND connector.folded(key) = connector.folded(%(key)s)
    UNION
    SELECT q.person_id, q.key, q.moved_to FROM human h
    JOIN connector.person q ON q.site = %(site)s AND (q.moved_to = h.key OR q.key = h.moved_to)
)
SELECT h.person_id FROM human h
WHERE NOT EXISTS (SELECT FROM connector.erasure e WHERE e.site = %(site)s AND h.person_id = ANY(e.person_ids)
                  AND starts_with(h.key, e.pseudonym))
ORDER BY h.person_id

-- name: identifiers
-- By what the person is known here, now and before: but for what another person has by now. Of somebody whom HR never named
-- there is the key of rows that came to nothing, with the address if no other key has it, or the address of rows without one.
WITH aside AS (
    SELECT s.key, CASE WHEN EXISTS (SELECT FROM connector.set_aside o
                                    WHERE o.site = s.site AND o.key <> '' AND connector.folded(o.key) <> connector.folded(s.key)
                                      AND connector.folded(o.email) = connector.folded(s.email)) THEN '' ELSE s.email END AS email
    FROM connector.set_aside s
    WHERE s.site = %(site)s AND cardinality(%(ids)s::bigint[]) = 0
      AND connector.folded(COALESCE(NULLIF(s.key, ''), s.email)) = connector.folded(%(key)s)
), person AS (
    SELECT p.* FROM connector.person p WHERE p.person_id = ANY(%(ids)s)
), said AS (
    SELECT wanted, initial FROM person
    UNION ALL
    SELECT was -> 'wanted', was -> 'initial' FROM connector.person_event WHERE person_id = ANY(%(ids)s)
    UNION ALL
    SELECT was -> 'wanted', was -> 'initial' FROM connector.left_person WHERE person_id = ANY(%(ids)s)
    UNION ALL
    SELECT a.fields, '{}' FROM connector.binding b
    JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
    WHERE b.person_id = ANY(%(ids)s)
    UNION ALL
    SELECT t.said, '{}' FROM connector.statement t JOIN person p ON t.site = p.site AND t.key = p.key
), found (kind, value) AS (
    SELECT 'key', key FROM person
    UNION SELECT 'key', unnest(earlier_keys) FROM person
    UNION SELECT 'username', username FROM connector.reserved_username WHERE person_id = ANY(%(ids)s)
    UNION SELECT 'key', key FROM aside
    UNION SELECT 'email', email FROM aside
    UNION
    SELECT CASE WHEN f.name IN ('firstname', 'lastname') THEN 'name' ELSE f.name END, each.value
    FROM said s
    CROSS JOIN (VALUES ('idnumber'), ('email'), ('username'), ('firstname'), ('lastname')) AS f (name)
    CROSS JOIN LATERAL (VALUES (s.wanted ->> f.name), (s.initial ->> f.name)) AS each (value)
)
SELECT f.kind, f.value FROM found f
WHERE f.value <> '' AND (f.kind IN ('name', 'username') OR NOT EXISTS (
    SELECT FROM connector.person o
    WHERE o.site = %(site)s AND o.person_id <> ALL(%(ids)s) AND CASE
        WHEN f.kind = 'email' THEN lower(o.wanted ->> 'email') = lower(f.value)
        ELSE connector.folded(o.key) = connector.folded(f.value)
             OR connector.folded(COALESCE(o.wanted ->> 'idnumber', o.initial ->> 'idnumber')) = connector.folded(f.value)
    END))
ORDER BY f.kind, f.value

-- name: works_here
SELECT EXISTS (SELECT FROM connector.person p
               WHERE p.person_id = ANY(%(ids)s) AND connector.employment_status(p, %(now)s, 0) <> 'left') AS found

-- name: begin
-- Who is erased, with key and pseudonym; and all that would tell who it was.
CREATE TEMPORARY TABLE erasing ON COMMIT DROP AS
SELECT p.person_id, p.key, connector.folded(p.key) AS folded, e.pseudonym
FROM unnest(%(ids)s::bigint[], %(pseudonyms)s::text[]) AS e (person_id, pseudonym)
JOIN connector.person p USING (person_id)

-- name: begin_words
CREATE TEMPORARY TABLE telling ON COMMIT DROP AS
SELECT DISTINCT word, connector.folded(word) AS folded FROM unnest(%(words)s::text[]) AS w (word)

-- name: begin_actors
-- Keys and accounts of the console by which the person decided something. An account that may be another's stays.
CREATE TEMPORARY TABLE acting ON COMMIT DROP AS
SELECT a.folded, COALESCE(min(e.pseudonym), %(pseudonym)s) AS pseudonym, bool_or(a.everywhere) AS everywhere
FROM connector.acting_as(%(ids)s::bigint[], %(words)s::text[]) a LEFT JOIN erasing e USING (folded)
GROUP BY a.folded

-- name: begin_accounts
CREATE TEMPORARY TABLE erased_account ON COMMIT DROP AS
SELECT b.account_id FROM connector.binding b JOIN erasing e USING (person_id) WHERE b.site = %(site)s
UNION
SELECT w.account_id FROM connector.welcome w JOIN erasing e USING (person_id)
WHERE w.site = %(site)s AND NOT EXISTS (
    SELECT FROM connector.binding b WHERE b.site = w.site AND b.account_id = w.account_id AND b.person_id <> w.person_id)

-- name: standing
-- What stands elsewhere, and is not touched here.
SELECT (SELECT count(*) FROM connector.binding b WHERE b.site = %(site)s AND b.person_id = ANY(%(ids)s)) AS accounts,
       (SELECT count(*) FROM connector.calendar_entry c JOIN connector.binding b USING (site, account_id)
        WHERE c.site = %(site)s AND b.person_id = ANY(%(ids)s)) AS due_dates,
       (SELECT count(*) FROM connector.linked_login l JOIN connector.binding b USING (site, account_id)
        WHERE l.site = %(site)s AND b.person_id = ANY(%(ids)s)) AS sign_ins,
       (SELECT count(*) FROM connector.console_accounts_of(%(ids)s::bigint[], %(words)s::text[]) a
        WHERE NOT a.surely) AS console_accounts

-- name: plans
-- Plans that wait and have something of the person in them do not hold any more.
UPDATE connector.plan p SET status = 'superseded'
WHERE p.site = %(site)s AND p.status IN ('planned', 'applying')
  AND EXISTS (SELECT FROM connector.change c JOIN erasing e USING (person_id) WHERE c.plan = p.number)

-- name: holds
UPDATE connector.hold h SET state = 'superseded'
FROM connector.plan p
WHERE p.number = h.plan AND p.site = %(site)s AND p.status = 'superseded' AND h.state = 'waiting'

-- name: plan_people
UPDATE connector.plan p
SET people = (SELECT array_agg(COALESCE(e.pseudonym, k.key) ORDER BY k.place)
              FROM unnest(p.people) WITH ORDINALITY AS k (key, place) LEFT JOIN erasing e ON e.folded = connector.folded(k.key))
WHERE p.site = %(site)s AND EXISTS (
    SELECT FROM unnest(p.people) AS k (key) JOIN erasing e ON e.folded = connector.folded(k.key))

-- name: operations
-- What was sent and never confirmed is not looked up any more.
UPDATE connector.operation o
SET message = '', before = '',
    code = CASE WHEN o.state IN ('sent', 'waiting') THEN 'erased' ELSE o.code END,
    state = CASE WHEN o.state IN ('sent', 'waiting') THEN 'refused' ELSE o.state END
FROM connector.change c JOIN erasing e USING (person_id)
WHERE c.plan = o.plan AND c.ordinal = o.ordinal

-- name: changes
UPDATE connector.change c SET subject = e.pseudonym, before = '{}', after = '{}', reason = '', digest = ''
FROM erasing e WHERE c.person_id = e.person_id

-- name: changes_of_others
-- Changes of others that name the person: as their manager, or in a sentence.
UPDATE connector.change c
SET before = CASE WHEN b.pseudonym IS NULL THEN c.before ELSE c.before || jsonb_build_object('manager', b.pseudonym) END,
    after = CASE WHEN a.pseudonym IS NULL THEN c.after ELSE c.after || jsonb_build_object('manager', a.pseudonym) END,
    reason = CASE WHEN m.told THEN '' ELSE c.reason END
FROM connector.change k
LEFT JOIN erasing b ON b.folded = connector.folded(k.before ->> 'manager')
LEFT JOIN erasing a ON a.folded = connector.folded(k.after ->> 'manager')
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM telling t WHERE connector.is_said(t.folded, k.reason)) AS told) m
WHERE c.plan = k.plan AND c.ordinal = k.ordinal AND (b.pseudonym IS NOT NULL OR a.pseudonym IS NOT NULL OR m.told)

-- name: undone
DELETE FROM connector.undone u USING erasing e WHERE u.person_id = e.person_id

-- name: cases
-- Cases of the person, and those of others in which the person is named.
UPDATE connector."case" c
SET subject = COALESCE(n.pseudonym, c.subject), reason = '', candidates = '[]',
    settlement = CASE WHEN k.pseudonym IS NULL THEN c.settlement
                      ELSE c.settlement || jsonb_build_object('keep', k.pseudonym) END
FROM connector."case" o
LEFT JOIN LATERAL (SELECT e.pseudonym FROM erasing e
                   WHERE connector.folded(o.subject) = e.folded
                      OR o.kind IN ('merge', 'another_key') AND (starts_with(connector.folded(o.subject), e.folded || ' + ')
                                               OR right(connector.folded(o.subject), length(e.folded) + 3) = ' + ' || e.folded)
                   LIMIT 1) n ON true
LEFT JOIN erasing k ON k.folded = connector.folded(o.settlement ->> 'keep')
WHERE o.case_id = c.case_id AND c.site = %(site)s AND (
    n.pseudonym IS NOT NULL OR k.pseudonym IS NOT NULL
    OR c.candidates @> ANY(ARRAY(SELECT jsonb_build_array(a.account_id) FROM erased_account a))
    OR EXISTS (SELECT FROM telling t WHERE connector.is_said(t.folded, c.reason)))

-- name: end_cases
-- Nobody is asked about the person any more.
UPDATE connector."case" c SET settled_at = %(now)s
FROM erasing e WHERE c.site = %(site)s AND c.settled_at IS NULL AND c.subject = e.pseudonym

-- name: decisions
-- Reasons are never empty.
UPDATE connector.decision d SET reason = e.pseudonym FROM erasing e WHERE d.person_id = e.person_id

-- name: decided
-- What the person decided, as a manager or for HR, and reasons that name the person.
UPDATE connector.decision d
SET decided_by = COALESCE(b.pseudonym, d.decided_by), withdrawn_by = COALESCE(w.pseudonym, d.withdrawn_by),
    reason = CASE WHEN m.told THEN %(pseudonym)s ELSE d.reason END
FROM connector.decision o
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM telling t WHERE connector.is_said(t.folded, o.reason)) AS told) m
LEFT JOIN erasing b ON b.folded = connector.folded(o.decided_by) OR b.person_id = o.manager_id
LEFT JOIN erasing w ON w.folded = connector.folded(o.withdrawn_by)
WHERE d.decision_id = o.decision_id AND (b.pseudonym IS NOT NULL OR w.pseudonym IS NOT NULL OR m.told)

-- name: due_notices
DELETE FROM connector.due_notice n USING erasing e WHERE n.person_id = e.person_id

-- name: welcomes
DELETE FROM connector.welcome w USING erasing e WHERE w.person_id = e.person_id

-- name: calendar_entries
-- The next run removes them in Moodle, because nobody wants them any more, and then the row.
UPDATE connector.calendar_entry c SET due_on = NULL, digest = '', message = '', state = 'sent'
FROM erased_account e WHERE c.site = %(site)s AND c.account_id = e.account_id

-- name: linked_logins
-- Of who has left they are ended in Moodle long before; else they stay with the account.
DELETE FROM connector.linked_login l USING erased_account e WHERE l.site = %(site)s AND l.account_id = e.account_id

-- name: completed
DELETE FROM connector.completed_course c USING erasing e WHERE c.person_id = e.person_id

-- name: ledger
-- What was granted is not ours to take away any more; facts of requirements take it as withdrawn.
UPDATE connector.ledger l SET ended_at = %(now)s FROM erasing e WHERE l.person_id = e.person_id AND l.ended_at IS NULL

-- name: usernames
DELETE FROM connector.reserved_username u USING erasing e WHERE u.person_id = e.person_id

-- name: accounts
DELETE FROM connector.account a USING erased_account e WHERE a.site = %(site)s AND a.account_id = e.account_id

-- name: bindings
DELETE FROM connector.binding b USING erasing e WHERE b.person_id = e.person_id

-- name: rejections
DELETE FROM connector.rejection r USING connector.feed f
WHERE f.feed_id = r.feed_id AND f.site = %(site)s AND connector.folded(r.key) IN (SELECT folded FROM telling)

-- name: import_addresses
-- Of records that are another's by the key, though the address is the person's, the address goes.
UPDATE connector.import_record r SET email = ''
FROM connector.whose_record w
WHERE w.import_id = r.import_id AND w.line = r.line AND w.site = %(site)s
  AND w.person_id NOT IN (SELECT person_id FROM erasing) AND connector.folded(r.email) IN (SELECT folded FROM telling)

-- name: import_records
-- Of former systems; those, too, of whom nobody was known by these words until now.
DELETE FROM connector.import_record r USING connector.import_batch i
WHERE i.import_id = r.import_id AND i.site = %(site)s
  AND (r.person_id IN (SELECT person_id FROM erasing)
       OR r.person_id IS NULL AND (connector.folded(r.key) IN (SELECT folded FROM telling)
                                   OR connector.folded(r.email) IN (SELECT folded FROM telling)))

-- name: import_rejections
DELETE FROM connector.import_rejection r USING connector.import_batch i
WHERE i.import_id = r.import_id AND i.site = %(site)s AND connector.folded(r.key) IN (SELECT folded FROM telling)

-- name: staged
-- Nobody reads meanwhile: what is staged is left over from feeds that were refused.
DELETE FROM connector.staged s USING connector.feed f WHERE f.feed_id = s.feed_id AND f.site = %(site)s

-- name: statements
DELETE FROM connector.statement t USING erasing e WHERE t.site = %(site)s AND connector.folded(t.key) = e.folded

-- name: statements_of_others
UPDATE connector.statement t SET said = t.said || jsonb_build_object('manager', e.pseudonym)
FROM erasing e WHERE t.site = %(site)s AND connector.folded(t.said ->> 'manager') = e.folded

-- name: differing
DELETE FROM connector.differing_grant d USING erasing e WHERE d.person_id = e.person_id

-- name: present
DELETE FROM connector.present_grant g USING erased_account a WHERE g.account_id = a.account_id

-- name: begin_users
CREATE TEMPORARY TABLE erased_user ON COMMIT DROP AS
SELECT u.client_id, u.user_id
FROM connector.scim_user u JOIN connector.scim_client c USING (client_id)
WHERE c.name = ANY(%(clients)s) AND EXISTS (
    SELECT FROM unnest(u.email_keys || ARRAY[u.name_key, u.external_key, u.number_key]) AS known (key)
    JOIN telling t ON t.folded = connector.folded(known.key))

-- name: scim_managers
-- Users of identity systems whose manager the person was.
UPDATE connector.scim_user u
SET document = u.document #- '{urn:ietf:params:scim:schemas:extension:enterprise:2.0:User,manager}'
FROM erased_user m
WHERE u.client_id = m.client_id
  AND u.document #>> '{urn:ietf:params:scim:schemas:extension:enterprise:2.0:User,manager,value}' = m.user_id::text

-- name: scim_members
DELETE FROM connector.scim_member s USING erased_user u WHERE s.client_id = u.client_id AND s.user_id = u.user_id

-- name: scim_users
DELETE FROM connector.scim_user s USING erased_user u WHERE s.client_id = u.client_id AND s.user_id = u.user_id

-- name: people
-- What is left of the person: a pseudonym that has left, with the unit and role that are counted.
UPDATE connector.person p
SET key = e.pseudonym, row_digest = NULL, wanted = '{}', initial = '{}', grant_set = NULL, manager_key = COALESCE((
        SELECT COALESCE(f.pseudonym, m.key) FROM connector.person m LEFT JOIN erasing f ON f.person_id = m.person_id
        WHERE m.person_id = p.manager_id), ''),
    starts = NULL, ends = NULL, active = false, gone = true, earlier_keys = NULL, attributes = '{}', absent_since = NULL,
    absent_feed_id = NULL, manager_missing_since = NULL, moved_to = NULL, formerly = NULL, another = false, left_on = NULL,
    line = 0
FROM erasing e WHERE p.person_id = e.person_id

-- name: people_of_others
-- People who name the person: their manager, or a key that is another's by now.
UPDATE connector.person p
SET manager_key = COALESCE(m.pseudonym, p.manager_key), moved_to = COALESCE(t.pseudonym, p.moved_to),
    formerly = COALESCE(f.pseudonym, p.formerly),
    earlier_keys = (SELECT array_agg(COALESCE(e.pseudonym, k.key) ORDER BY k.place)
                    FROM unnest(p.earlier_keys) WITH ORDINALITY AS k (key, place)
                    LEFT JOIN erasing e ON e.folded = connector.folded(k.key))
FROM connector.person o
LEFT JOIN erasing m ON m.folded = connector.folded(o.manager_key)
LEFT JOIN erasing t ON t.folded = connector.folded(o.moved_to)
LEFT JOIN erasing f ON f.folded = connector.folded(o.formerly)
WHERE p.person_id = o.person_id AND o.site = %(site)s AND (
    m.pseudonym IS NOT NULL OR t.pseudonym IS NOT NULL OR f.pseudonym IS NOT NULL
    OR EXISTS (SELECT FROM unnest(o.earlier_keys) AS k (key) JOIN erasing e ON e.folded = connector.folded(k.key)))

-- name: certificates
-- That one was issued, its number and until when stay, so that no number is given again and whoever has it on paper can ask
-- whether it is valid. Behind the people: whoever issues one at this moment waits for them, or is waited for.
UPDATE connector.certificate c
SET name = '', code = '', deed = e.pseudonym || ' ' || c.certificate_id,
    reason = CASE WHEN c.reason = '' THEN '' ELSE e.pseudonym END,
    revoked_why = CASE WHEN c.revoked_why = '' THEN '' ELSE e.pseudonym END,
    file = 'refused', file_message = 'the person was erased', sha256 = NULL, evidence = NULL
FROM erasing e WHERE c.person_id = e.person_id

-- name: certificates_of_others
-- What the person issued and revoked, as a manager or for HR, and reasons that name the person.
UPDATE connector.certificate c
SET issued_by = COALESCE(i.pseudonym, c.issued_by), revoked_by = COALESCE(r.pseudonym, c.revoked_by),
    reason = CASE WHEN m.told THEN %(pseudonym)s ELSE c.reason END,
    revoked_why = CASE WHEN w.told THEN %(pseudonym)s ELSE c.revoked_why END
FROM connector.certificate o
LEFT JOIN erasing i ON i.folded = connector.folded(o.issued_by) OR i.person_id = o.manager_id
LEFT JOIN erasing r ON r.folded = connector.folded(o.revoked_by) OR r.person_id = o.revoker_id
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM telling t WHERE connector.is_said(t.folded, o.reason)) AS told) m
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM telling t WHERE connector.is_said(t.folded, o.revoked_why)) AS told) w
WHERE c.certificate_id = o.certificate_id AND c.site = %(site)s
  AND (i.pseudonym IS NOT NULL OR r.pseudonym IS NOT NULL OR m.told OR w.told)

-- name: subjects
-- As whom platforms mean the person; our own Moodle by the account. ``alone``: nobody else was meant so, as by an account
-- that was given to another.
CREATE TEMPORARY TABLE erased_subject ON COMMIT DROP AS
WITH meant AS (
    SELECT platform_id, subject, person_id FROM connector.lti_person JOIN erasing USING (person_id)
    UNION SELECT p.platform_id, b.account_id::text, b.person_id
          FROM connector.binding b JOIN erasing USING (person_id)
          JOIN connector.lti_platform p ON p.site = b.site AND rtrim(p.issuer, '/') = %(moodle)s
    UNION SELECT platform_id, subject, person_id FROM connector.lti_session JOIN erasing USING (person_id)
    UNION SELECT platform_id, subject, person_id FROM connector.attempt JOIN erasing USING (person_id)
    UNION SELECT platform_id, subject, person_id FROM connector.learning_event JOIN erasing USING (person_id)
    UNION SELECT platform_id, subject, person_id FROM connector.viewing JOIN erasing USING (person_id)
)
SELECT m.platform_id, m.subject, m.person_id, e.pseudonym || '-' || left(gen_random_uuid()::text, 8) AS pseudonym,
       NOT EXISTS (SELECT FROM connector.lti_person o
                   WHERE o.platform_id = m.platform_id AND o.subject = m.subject
                     AND o.person_id NOT IN (SELECT person_id FROM erasing))
       AND NOT EXISTS (SELECT FROM connector.attempt o
                       WHERE o.platform_id = m.platform_id AND o.subject = m.subject
                         AND o.person_id NOT IN (SELECT person_id FROM erasing))
       AND NOT EXISTS (SELECT FROM connector.viewing o
                       WHERE o.platform_id = m.platform_id AND o.subject = m.subject
                         AND o.person_id NOT IN (SELECT person_id FROM erasing)) AS alone
FROM meant m JOIN erasing e USING (person_id)

-- name: evidence
-- What was handed in: the place stays until the file is gone, then the row goes.
UPDATE connector.evidence v SET name = '', media_type = ''
FROM connector.attempt a
LEFT JOIN erased_subject s ON s.platform_id = a.platform_id AND s.subject = a.subject AND s.alone
WHERE a.attempt_id = v.attempt_id
  AND (a.person_id IN (SELECT person_id FROM erasing) OR a.person_id IS NULL AND s.person_id IS NOT NULL)

-- name: attempts
-- That somebody tried, when, and with which result is counted; those, too, from before it was known who that is.
UPDATE connector.attempt a SET subject = s.pseudonym, person_id = s.person_id
FROM erased_subject s
WHERE a.platform_id = s.platform_id AND a.subject = s.subject AND (a.person_id = s.person_id OR a.person_id IS NULL AND s.alone)

-- name: discards
-- Whose attempts the person has discarded as a teacher, and why: of the person's own attempts, and what names the person.
UPDATE connector.attempt a
SET discarded_by = COALESCE(s.pseudonym, o.discarded_by), discarded_why = CASE WHEN c.told THEN '' ELSE o.discarded_why END
FROM connector.attempt o
JOIN connector.lti_platform p ON p.platform_id = o.platform_id AND p.site = %(site)s
LEFT JOIN erased_subject s ON s.platform_id = o.platform_id AND s.subject = o.discarded_by AND s.alone
CROSS JOIN LATERAL (
    SELECT o.person_id IN (SELECT person_id FROM erasing) IS TRUE
           OR EXISTS (SELECT FROM telling t WHERE connector.is_said(t.folded, o.discarded_why)) AS told) c
WHERE a.attempt_id = o.attempt_id AND o.discarded_at IS NOT NULL AND (s.pseudonym IS NOT NULL OR c.told)

-- name: answers
-- Which options were taken stays, what was written goes.
UPDATE connector.answer w SET said = w.said - ARRAY['text', 'files']
FROM connector.attempt a JOIN erasing e USING (person_id)
WHERE a.attempt_id = w.attempt_id AND w.said ?| ARRAY['text', 'files']

-- name: comments
UPDATE connector.mark m SET comment = ''
FROM connector.attempt a JOIN erasing e USING (person_id) WHERE a.attempt_id = m.attempt_id AND m.comment <> ''

-- name: marks_of_others
-- Whom the person marked, and comments that name the person.
UPDATE connector.mark m
SET marked_by = COALESCE(s.pseudonym, m.marked_by), comment = CASE WHEN c.told THEN '' ELSE m.comment END
FROM connector.mark o
JOIN connector.attempt a USING (attempt_id)
JOIN connector.lti_platform p ON p.platform_id = a.platform_id AND p.site = %(site)s
LEFT JOIN erased_subject s ON s.platform_id = a.platform_id AND s.subject = o.marked_by AND s.alone
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM telling t WHERE connector.is_said(t.folded, o.comment)) AS told) c
WHERE m.mark_id = o.mark_id AND (s.pseudonym IS NOT NULL OR c.told)

-- name: contents
-- What the person made as a teacher stays; it is not about the person.
UPDATE connector.content c SET made_by = s.pseudonym
FROM erased_subject s WHERE s.platform_id = c.platform_id AND s.subject = c.made_by AND s.alone

-- name: content_versions
UPDATE connector.content_version v SET changed_by = s.pseudonym
FROM connector.content c, erased_subject s
WHERE c.content_id = v.content_id AND s.platform_id = c.platform_id AND s.subject = v.changed_by AND s.alone

-- name: allowances
-- That somebody was allowed more stays.
UPDATE connector.allowance a SET subject = s.pseudonym
FROM erased_subject s WHERE s.platform_id = a.platform_id AND s.subject = a.subject AND s.alone

-- name: allowances_of_others
UPDATE connector.allowance a SET given_by = s.pseudonym
FROM erased_subject s WHERE s.platform_id = a.platform_id AND s.subject = a.given_by AND s.alone

-- name: regrades
-- Who asked for them as a teacher, and reasons that name the person.
UPDATE connector.regrade r
SET asked_by = COALESCE(s.pseudonym, r.asked_by), reason = CASE WHEN c.told THEN '' ELSE r.reason END
FROM connector.regrade o
JOIN connector.lti_platform p ON p.platform_id = o.platform_id AND p.site = %(site)s
LEFT JOIN erased_subject s ON s.platform_id = o.platform_id AND s.subject = o.asked_by AND s.alone
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM telling t WHERE connector.is_said(t.folded, o.reason)) AS told) c
WHERE r.regrade_id = o.regrade_id AND (s.pseudonym IS NOT NULL OR c.told)

-- name: learning_events
-- What waits to become facts does so under the person's number, which leads nowhere by then.
UPDATE connector.learning_event v SET subject = s.pseudonym, person_id = s.person_id
FROM erased_subject s
WHERE v.platform_id = s.platform_id AND v.subject = s.subject AND (v.person_id = s.person_id OR v.person_id IS NULL AND s.alone)

-- name: media
-- What the person uploaded as a teacher stays; it is not about the person.
UPDATE connector.media m SET made_by = s.pseudonym
FROM erased_subject s WHERE s.platform_id = m.platform_id AND s.subject = m.made_by AND s.alone

-- name: viewings
-- How much was watched stays, what was written goes. Those, too, from before it was known who that is.
UPDATE connector.viewing v
SET subject = s.pseudonym, person_id = s.person_id, name = '',
    answers = (SELECT COALESCE(jsonb_object_agg(a.key, a.value - 'text'), '{}') FROM jsonb_each(v.answers) a)
FROM erased_subject s
WHERE v.platform_id = s.platform_id AND v.subject = s.subject AND (v.person_id = s.person_id OR v.person_id IS NULL AND s.alone)

-- name: handed_in
-- Files that are not gone yet of people who were erased.
SELECT v.file_id, v.place FROM connector.evidence v JOIN connector.attempt a USING (attempt_id)
WHERE a.person_id = ANY(%(ids)s) ORDER BY v.file_id

-- name: handed_in_is_gone
DELETE FROM connector.evidence WHERE file_id = ANY(%(file_ids)s)

-- name: lti_scores
-- Behind the people, as certificates are: a launch that binds the person at this moment waits for them, or is waited for.
DELETE FROM connector.lti_score c
WHERE EXISTS (SELECT FROM connector.lti_person l JOIN erasing e USING (person_id)
              WHERE l.platform_id = c.platform_id AND l.subject = c.subject)
   OR EXISTS (SELECT FROM erased_subject s WHERE s.platform_id = c.platform_id AND s.subject = c.subject AND s.alone)

-- name: lti_sessions
-- Those, too, from before a platform told whom it means.
DELETE FROM connector.lti_session s
WHERE s.person_id IN (SELECT person_id FROM erasing)
   OR EXISTS (SELECT FROM connector.lti_person l JOIN erasing e USING (person_id)
              WHERE l.platform_id = s.platform_id AND l.subject = s.subject)
   OR s.person_id IS NULL
      AND s.platform_id IN (SELECT p.platform_id FROM connector.lti_platform p WHERE p.site = %(site)s)
      AND EXISTS (SELECT FROM telling t WHERE t.folded IN (connector.folded(s.launch ->> 'source_id'),
                                                           connector.folded(s.launch ->> 'email')))

-- name: teaching
DELETE FROM connector.teaching t USING erased_subject s WHERE s.platform_id = t.platform_id AND s.subject = t.subject

-- name: lti_people
DELETE FROM connector.lti_person l USING erasing e WHERE l.person_id = e.person_id

-- name: audit_trail
UPDATE connector.audit_trail t SET actor = e.pseudonym
FROM acting e
WHERE connector.folded(t.actor) = e.folded AND (e.everywhere OR %(site)s = COALESCE(
    t.detail ->> 'site', (SELECT p.site FROM connector.person p WHERE p.person_id = (t.detail ->> 'person_id')::bigint), %(site)s))

-- name: audited_accounts
-- What was done to the person's account of the console.
UPDATE connector.audit_trail t SET subject = e.pseudonym
FROM acting e WHERE e.everywhere AND connector.folded(t.subject) = e.folded

-- name: console_accounts
-- With their sessions and recovery codes.
DELETE FROM connector.console_account a
USING connector.console_accounts_of(%(ids)s::bigint[], %(words)s::text[]) c WHERE c.account_id = a.account_id AND c.surely

-- name: actors_of_holds
UPDATE connector.hold h SET decided_by = e.pseudonym
FROM acting e, connector.plan p WHERE p.number = h.plan AND (e.everywhere OR p.site = %(site)s) AND connector.folded(h.decided_by) = e.folded

-- name: actors_of_plans
UPDATE connector.plan p SET asked_by = e.pseudonym
FROM acting e WHERE (e.everywhere OR p.site = %(site)s) AND connector.folded(p.asked_by) = e.folded

-- name: actors_of_cases
UPDATE connector."case" c
SET settled_by = CASE WHEN connector.folded(c.settled_by) = e.folded THEN e.pseudonym ELSE c.settled_by END,
    withdrawn_by = CASE WHEN connector.folded(c.withdrawn_by) = e.folded THEN e.pseudonym ELSE c.withdrawn_by END
FROM acting e WHERE (e.everywhere OR c.site = %(site)s) AND e.folded IN (connector.folded(c.settled_by), connector.folded(c.withdrawn_by))

-- name: actors_of_feeds
UPDATE connector.feed_release f SET released_by = e.pseudonym
FROM acting e WHERE (e.everywhere OR f.site = %(site)s) AND connector.folded(f.released_by) = e.folded

-- name: actors_of_tokens
UPDATE connector.scim_token t SET created_by = e.pseudonym
FROM acting e, connector.scim_client c
WHERE c.client_id = t.client_id AND (e.everywhere OR c.name = ANY(%(clients)s)) AND connector.folded(t.created_by) = e.folded

-- name: actors_of_api_tokens
UPDATE connector.api_token t SET created_by = e.pseudonym
FROM acting e WHERE (e.everywhere OR t.site = %(site)s) AND connector.folded(t.created_by) = e.folded

-- name: actors_of_platforms
UPDATE connector.lti_platform p SET created_by = e.pseudonym
FROM acting e WHERE (e.everywhere OR p.site = %(site)s) AND connector.folded(p.created_by) = e.folded

-- name: actors_of_invitations
UPDATE connector.lti_invitation i SET created_by = e.pseudonym
FROM acting e WHERE (e.everywhere OR i.site = %(site)s) AND connector.folded(i.created_by) = e.folded

-- name: actors_of_imports
UPDATE connector.import_batch i
SET imported_by = CASE WHEN connector.folded(i.imported_by) = e.folded THEN e.pseudonym ELSE i.imported_by END,
    undone_by = CASE WHEN connector.folded(i.undone_by) = e.folded THEN e.pseudonym ELSE i.undone_by END
FROM acting e
WHERE (e.everywhere OR i.site = %(site)s) AND e.folded IN (connector.folded(i.imported_by), connector.folded(i.undone_by))

-- name: actors_of_erasures
UPDATE connector.erasure x
SET erased_by = CASE WHEN connector.folded(x.erased_by) = e.folded THEN e.pseudonym ELSE x.erased_by END,
    readmitted_by = CASE WHEN connector.folded(x.readmitted_by) = e.folded THEN e.pseudonym ELSE x.readmitted_by END
FROM acting e
WHERE (e.everywhere OR x.site = %(site)s) AND e.folded IN (connector.folded(x.erased_by), connector.folded(x.readmitted_by))

-- name: events
DELETE FROM connector.person_event v USING erasing e WHERE v.person_id = e.person_id

-- name: events_of_others
UPDATE connector.person_event v SET was = v.was || jsonb_build_object('manager_key', e.pseudonym)
FROM erasing e WHERE connector.folded(v.was ->> 'manager_key') = e.folded

-- name: left_people
DELETE FROM connector.left_person l USING erasing e WHERE l.person_id = e.person_id

-- name: left_people_of_others
UPDATE connector.left_person l SET was = l.was || jsonb_build_object('manager_key', e.pseudonym)
FROM erasing e WHERE connector.folded(l.was ->> 'manager_key') = e.folded

-- name: earlier_in_history
-- What was said of others before names the person's key among their earlier ones.
UPDATE connector.person_event v
SET was = v.was || jsonb_build_object('earlier_keys', (
        SELECT jsonb_agg(COALESCE(e.pseudonym, k.key) ORDER BY k.place)
        FROM jsonb_array_elements_text(v.was -> 'earlier_keys') WITH ORDINALITY AS k (key, place)
        LEFT JOIN erasing e ON e.folded = connector.folded(k.key)))
WHERE jsonb_typeof(v.was -> 'earlier_keys') = 'array' AND EXISTS (
    SELECT FROM jsonb_array_elements_text(v.was -> 'earlier_keys') AS k (key)
    JOIN erasing e ON e.folded = connector.folded(k.key))

-- name: grant_sets
-- Sets that are nobody's any more.
DELETE FROM connector.grant_set g
WHERE g.site = %(site)s
  AND NOT EXISTS (SELECT FROM connector.person p WHERE p.site = g.site AND p.grant_set = g.digest)

-- name: keep
INSERT INTO connector.erasure (erasure_id, site, pseudonym, person_ids, erased_at, erased_by, reason, counts, standing,
                               fingerprint, facts_erased_at, readmitted_at, readmitted_by, readmitted_because)
VALUES (%(erasure_id)s, %(site)s, %(pseudonym)s, %(person_ids)s, %(erased_at)s, %(erased_by)s, %(reason)s, %(counts)s,
        %(standing)s, %(fingerprint)s, %(facts_erased_at)s, %(readmitted_at)s, %(readmitted_by)s, %(readmitted_because)s)
ON CONFLICT (erasure_id) DO UPDATE
SET person_ids = excluded.person_ids, counts = excluded.counts, standing = excluded.standing, facts_erased_at = NULL

-- name: known_record
SELECT EXISTS (SELECT FROM connector.erasure WHERE erasure_id = %(erasure_id)s) AS found

-- name: keep_mark
INSERT INTO connector.erasure_mark (erasure_id, kind, mark) VALUES (%(erasure_id)s, %(kind)s, %(mark)s)
ON CONFLICT DO NOTHING

-- name: keep_username
INSERT INTO connector.erased_username (site, mark) VALUES (%(site)s, %(mark)s) ON CONFLICT DO NOTHING

-- name: namesakes
-- Accounts of the console under a name that is the person's, and whether it is nobody else's.
SELECT name, surely FROM connector.console_accounts_of(%(ids)s::bigint[], %(words)s::text[]) ORDER BY name

-- name: papers
-- Certificates of people, by which their files are found, whether there are some or not.
SELECT template, issued_on, number, file = 'made' AS made FROM connector.certificate
WHERE site = %(site)s AND person_id = ANY(%(ids)s) ORDER BY number

-- name: facts_erased
UPDATE connector.erasure SET facts_erased_at = %(now)s, counts = counts || %(counts)s::jsonb WHERE erasure_id = %(erasure_id)s

-- name: records
SELECT e.erasure_id::text AS erasure_id, e.site, e.pseudonym, e.person_ids, e.erased_at, e.erased_by, e.reason, e.counts,
       e.standing, e.fingerprint, e.facts_erased_at, e.readmitted_at, e.readmitted_by, e.readmitted_because,
       COALESCE((SELECT jsonb_agg(jsonb_build_array(m.kind, encode(m.mark, 'hex')) ORDER BY m.kind, m.mark)
                 FROM connector.erasure_mark m WHERE m.erasure_id = e.erasure_id), '[]') AS marks
FROM connector.erasure e WHERE e.site = %(site)s
ORDER BY e.erased_at, e.pseudonym

-- name: marks
-- By what people are known again who were erased and not readmitted.
SELECT m.kind, m.mark, e.pseudonym, e.fingerprint
FROM connector.erasure e JOIN connector.erasure_mark m USING (erasure_id)
WHERE e.site = %(site)s AND e.readmitted_at IS NULL
ORDER BY e.erased_at DESC

-- name: told
-- When somebody was erased who has this pseudonym, whichever of the person's keys it is for.
SELECT pseudonym, erased_at FROM connector.erasure
WHERE site = %(site)s AND (pseudonym = %(named)s OR %(named)s LIKE pseudonym || '-_%%')

-- name: username_marks
SELECT mark FROM connector.erased_username WHERE site = %(site)s

-- name: fingerprints
SELECT DISTINCT fingerprint FROM connector.erasure WHERE site = %(site)s

-- name: unerased
-- Keys of everybody who is not erased.
SELECT p.key FROM connector.person p
WHERE p.site = %(site)s
  AND NOT EXISTS (SELECT FROM connector.erasure e WHERE e.site = p.site AND p.person_id = ANY(e.person_ids)
                  AND starts_with(p.key, e.pseudonym))
ORDER BY p.key

-- name: set_aside
-- Keys and addresses of rows that came to nothing and are nobody's.
SELECT 'key' AS kind, key AS value FROM connector.set_aside WHERE site = %(site)s AND key <> ''
UNION SELECT 'email', email FROM connector.set_aside WHERE site = %(site)s AND email <> ''
ORDER BY kind, value

-- name: readmit
UPDATE connector.erasure SET readmitted_at = %(now)s, readmitted_by = %(by)s, readmitted_because = %(reason)s
WHERE site = %(site)s AND pseudonym = %(pseudonym)s AND readmitted_at IS NULL

-- name: forget_marks
-- Known again by these no more; the record that it was done stays.
DELETE FROM connector.erasure_mark m USING connector.erasure e
WHERE e.erasure_id = m.erasure_id AND e.site = %(site)s AND e.pseudonym = %(pseudonym)s AND m.kind = ANY(%(kinds)s)

-- name: read_again
-- Rows that name the person as a manager are mapped anew with the next feed.
UPDATE connector.person SET row_digest = NULL WHERE site = %(site)s AND starts_with(manager_key, %(pseudonym)s)

-- name: states_again
UPDATE connector.statement SET row_digest = NULL
WHERE site = %(site)s AND starts_with(said ->> 'manager', %(pseudonym)s)
