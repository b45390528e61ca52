-- name: held
-- Certificates of a template that these people have got, revoked ones too.
SELECT person_id, deed, earned_at, issued_by <> '' AS by_hand, revoked_at IS NOT NULL AS revoked
FROM connector.certificate
WHERE site = %(site)s AND template = %(template)s AND person_id = ANY(%(people)s)

-- name: recipients
-- People as they are printed.
SELECT p.person_id, p.key,
       COALESCE(a.fields ->> 'firstname', p.wanted ->> 'firstname', p.initial ->> 'firstname', '') AS firstname,
       COALESCE(a.fields ->> 'lastname', p.wanted ->> 'lastname', p.initial ->> 'lastname', '') AS lastname,
       COALESCE(NULLIF(a.fields ->> 'lang', ''), p.wanted ->> 'lang', p.initial ->> 'lang', '') AS lang,
       p.timezone, connector.employment_status(p, %(now)s, 0) AS status
FROM connector.person p
LEFT JOIN connector.binding b ON b.site = %(site)s AND b.person_id = p.person_id
LEFT JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
WHERE p.site = %(site)s AND p.person_id = ANY(%(people)s)

-- name: begin_serial
-- The serials of a template and year begin.
INSERT INTO connector.certificate_serial (site, template, year) VALUES (%(site)s, %(template)s, %(year)s)
ON CONFLICT DO NOTHING

-- name: next_serial
-- The next one. Whoever else issues one of this template waits until this one is kept, or given up.
SELECT last + 1 AS serial FROM connector.certificate_serial
WHERE site = %(site)s AND template = %(template)s AND year = %(year)s FOR UPDATE

-- name: issue
-- A certificate, unless there is one for this deed, or the person was erased meanwhile: then nothing is wanted of it.
INSERT INTO connector.certificate (site, person_id, template, number, code, code_hash, language, name, title, issuer, deed,
                                   earned_at, issued_at, issued_on, expires_on, expires_at, issued_by, manager_id, reason,
                                   changed_at)
SELECT %(site)s, p.person_id, %(template)s, %(number)s, %(code)s, %(code_hash)s, %(language)s, %(name)s, %(title)s,
       %(issuer)s, %(deed)s, %(earned_at)s, %(issued_at)s, %(issued_on)s, %(expires_on)s, %(expires_at)s, %(issued_by)s,
       %(manager_id)s, %(reason)s, %(issued_at)s
FROM connector.person p WHERE p.person_id = %(person_id)s AND (p.wanted <> '{}' OR p.initial <> '{}') FOR KEY SHARE
ON CONFLICT (site, person_id, template, deed) DO NOTHING

-- name: used_serial
UPDATE connector.certificate_serial SET last = %(serial)s
WHERE site = %(site)s AND template = %(template)s AND year = %(year)s

-- name: last_serial
SELECT last FROM connector.certificate_serial
WHERE site = %(site)s AND template = %(template)s AND year = %(year)s

-- name: raise_serial
-- Numbers up to this one were given; nothing is lowered.
INSERT INTO connector.certificate_serial (site, template, year, last)
VALUES (%(site)s, %(template)s, %(year)s, %(serial)s)
ON CONFLICT (site, template, year) DO UPDATE SET last = GREATEST(certificate_serial.last, EXCLUDED.last)

-- name: highest
-- The highest serial that the facts know, in any version: what is no more in Moodle's or our tables stays there.
SELECT COALESCE(max(substring(code FROM %(pattern)s)::bigint), 0) AS serial
FROM facts.fact_certificate WHERE source = 'connector' AND template = %(template)s

-- name: find
-- By number, or by the hash of its code, or of one person, or all; the newest first.
SELECT c.certificate_id, c.person_id, p.key AS person, c.template, c.number, c.code, c.language, c.name, c.title, c.issuer,
       c.deed, c.earned_at, c.issued_at, c.issued_on, c.expires_on, c.expires_at, c.issued_by,
       c.issued_by <> '' AND c.manager_id IS NULL AS by_hr, c.reason, c.revoked_at, c.revoked_by, c.revoked_why, c.file,
       c.file_message, c.sha256
FROM connector.certificate c JOIN connector.person p USING (person_id)
WHERE c.site = %(site)s
  AND (%(number)s::text IS NULL OR c.number = %(number)s)
  AND (%(code_hash)s::bytea IS NULL OR c.code_hash = %(code_hash)s)
  AND (%(person)s::text IS NULL OR p.key = %(person)s)
ORDER BY c.certificate_id DESC
LIMIT %(limit)s

-- name: unmade
-- Those whose file waits.
SELECT c.certificate_id, c.person_id, p.key AS person, c.template, c.number, c.code, c.language, c.name, c.title, c.issuer,
       c.deed, c.earned_at, c.issued_at, c.issued_on, c.expires_on, c.expires_at, c.issued_by,
       c.issued_by <> '' AND c.manager_id IS NULL AS by_hr, c.reason, c.revoked_at, c.revoked_by, c.revoked_why, c.file,
       c.file_message, c.sha256
FROM connector.certificate c JOIN connector.person p USING (person_id)
WHERE c.site = %(site)s AND c.file = 'waiting'
ORDER BY c.certificate_id
LIMIT %(limit)s

-- name: revoke
UPDATE connector.certificate
SET revoked_at = %(now)s, revoked_by = %(by)s, revoker_id = %(manager_id)s, revoked_why = %(why)s, changed_at = %(now)s
WHERE site = %(site)s AND number = %(number)s AND revoked_at IS NULL

-- name: made
-- Its file lies where it should, unless the person was erased while it was made.
UPDATE connector.certificate SET file = 'made', sha256 = %(sha256)s, file_message = '', file_at = %(now)s
WHERE site = %(site)s AND certificate_id = %(certificate_id)s AND name <> ''

-- name: refuse
-- Its file cannot be made.
UPDATE connector.certificate SET file = 'refused', file_message = %(message)s, file_at = %(now)s
WHERE site = %(site)s AND certificate_id = %(certificate_id)s AND name <> ''

-- name: renew
-- Its file is to be made again; there is none for a name that has gone.
UPDATE connector.certificate SET file = 'waiting', file_message = '', file_at = %(now)s
WHERE site = %(site)s AND number = %(number)s AND name <> ''

-- name: for_facts
-- Certificates as the facts take them: all, or those that were issued or revoked since. Reports show people by account.
SELECT b.account_id AS moodle_id, c.number, c.template, c.issued_at, c.expires_at, c.revoked_at IS NOT NULL AS revoked
FROM connector.certificate c
JOIN connector.binding b ON b.site = c.site AND b.person_id = c.person_id
WHERE c.site = %(site)s AND (%(since)s::timestamptz IS NULL OR c.changed_at >= %(since)s)

-- name: by_requirement
-- Who has satisfied a requirement, in each cycle and by each assignment.
SELECT f.person_id, 'requirement ' || f.requirement || ' ' || f.grant_id || ' ' || f.cycle AS deed,
       f.satisfied_at AS earned_at
FROM facts.fact_assignment f
JOIN facts.dim_person p ON p.person_id = f.person_id AND p.valid_to = 'infinity' AND p.status <> 'left'
WHERE f.valid_to = 'infinity' AND f.requirement = %(requirement)s AND f.satisfied_at IS NOT NULL
ORDER BY f.person_id, f.satisfied_at

-- name: by_course
-- Who has completed a course, in each attempt.
SELECT f.person_id, 'course ' || f.course_id || ' ' || f.moodle_id || ' ' || f.attempt AS deed,
       min(f.completed_at) AS earned_at
FROM facts.fact_completion f
JOIN facts.dim_person p ON p.person_id = f.person_id AND p.valid_to = 'infinity' AND p.status <> 'left'
WHERE f.course_id = %(course_id)s AND f.completed
GROUP BY f.person_id, f.course_id, f.moodle_id, f.attempt
ORDER BY f.person_id, earned_at
