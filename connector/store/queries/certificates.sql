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
-- A certificate, unless there is one for this deed, or the person was erased, or the attempt discarded meanwhile: then nothing
-- is wanted of it.
INSERT INTO connector.certificate (site, person_id, template, number, code, code_hash, language, name, title, issuer, deed,
                                   earned_at, issued_at, issued_on, expires_on, expires_at, issued_by, manager_id, reason,
                                   evidence, changed_at)
SELECT %(site)s, p.person_id, %(template)s, %(number)s, %(code)s, %(code_hash)s, %(language)s, %(name)s, %(title)s,
       %(issuer)s, %(deed)s, %(earned_at)s, %(issued_at)s, %(issued_on)s, %(expires_on)s, %(expires_at)s, %(issued_by)s,
       %(manager_id)s, %(reason)s, %(evidence)s, %(issued_at)s
FROM connector.person p
WHERE p.person_id = %(person_id)s AND (p.wanted <> '{}' OR p.initial <> '{}')
  AND NOT EXISTS (SELECT FROM connector.attempt a
                  WHERE a.attempt_id = substring(%(deed)s FROM '^attempt ([0-9]+)$')::bigint AND a.discarded_at IS NOT NULL)
FOR KEY SHARE
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
-- By number, or by the hash of its code, or of one person, or what a deed has earned, or all; the newest first.
SELECT c.certificate_id, c.person_id, p.key AS person, c.template, c.number, c.code, c.language, c.name, c.title, c.issuer,
       c.deed, c.earned_at, c.issued_at, c.issued_on, c.expires_on, c.expires_at, c.issued_by,
       c.issued_by <> '' AND c.manager_id IS NULL AS by_hr, c.reason, c.revoked_at, c.revoked_by, c.revoked_why, c.file,
       c.file_message, c.sha256, c.evidence
FROM connector.certificate c JOIN connector.person p USING (person_id)
WHERE c.site = %(site)s
  AND (%(number)s::text IS NULL OR c.number = %(number)s)
  AND (%(code_hash)s::bytea IS NULL OR c.code_hash = %(code_hash)s)
  AND (%(person)s::text IS NULL OR p.key = %(person)s)
  AND (%(person_id)s::bigint IS NULL OR c.person_id = %(person_id)s)
  AND (%(deed)s::text IS NULL OR c.deed = %(deed)s)
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
RETURNING person_id

-- name: made
-- Its file lies where it should, unless the person was erased while it was made.
UPDATE connector.certificate SET file = 'made', sha256 = %(sha256)s, file_message = '', file_at = %(now)s
WHERE site = %(site)s AND certificate_id = %(certificate_id)s AND name <> ''
RETURNING person_id

-- name: refuse
-- Its file cannot be made.
UPDATE connector.certificate SET file = 'refused', file_message = %(message)s, file_at = %(now)s
WHERE site = %(site)s AND certificate_id = %(certificate_id)s AND name <> ''
RETURNING person_id

-- name: renew
-- Its file is to be made again; there is none for a name that has gone.
UPDATE connector.certificate SET file = 'waiting', file_message = '', file_at = %(now)s
WHERE site = %(site)s AND number = %(number)s AND name <> ''
RETURNING person_id

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

-- name: by_content
-- Who has passed launched content and got no certificate of this template for it: the content that earns it, or what has it
-- chosen in the version by which it is marked. What "passed" gives is all that is known here of kinds of content: another
-- kind is an arm more, with a deed that no other kind has, and what of it is evidence. Of several attempts what counts by
-- the policy has to be a pass, after the attempt that earned it and, by what the last is marked by, now. A pass mark that
-- cannot be read is what it is on pages, and the evidence says by which it was judged.
WITH passed AS (
    SELECT a.person_id, a.content_id, a.marked_version AS version, a.attempt_id, 'attempt ' || a.attempt_id AS deed,
           a.submitted_at AS earned_at,
           jsonb_build_object('attempt', a.attempt_id, 'number', a.number, 'platform', a.platform_id, 'course', a.course,
                              'link', a.link, 'version', a.version, 'marked_version', a.marked_version,
                              'launched_at', a.launched_at, 'started_at', a.started_at, 'submitted_at', a.submitted_at,
                              'percent', a.percent) AS evidence
    FROM connector.attempt a
    WHERE a.passed AND NOT a.trial AND a.discarded_at IS NULL AND (%(person_id)s::bigint IS NULL OR a.person_id = %(person_id)s)
    UNION ALL
    SELECT w.person_id, w.content_id, w.version, NULL, 'viewing ' || w.view_id, w.completed_at,
           jsonb_build_object('viewing', w.view_id, 'platform', w.platform_id, 'course', w.course, 'link', w.link,
                              'version', w.version, 'started_at', w.began_at, 'completed_at', w.completed_at)
    FROM connector.viewing w
    WHERE w.completed_at IS NOT NULL AND NOT w.trial AND (%(person_id)s::bigint IS NULL OR w.person_id = %(person_id)s)
), owed AS MATERIALIZED (
    SELECT s.person_id, s.attempt_id, s.deed, s.earned_at, v.body ->> 'policy' AS policy,
           COALESCE(jsonb_path_query_first(
               v.body, 'strict $.pass_mark ? (@.type() == "number" && @ >= 0 && @ <= 100)', silent => true
           )::double precision, 80) AS pass_mark,
           s.evidence || jsonb_build_object('kind', c.kind, 'content', c.content_id, 'title', v.body -> 'title',
                                            'pass_mark', v.body -> 'pass_mark') AS evidence
    FROM passed s
    JOIN connector.content c ON c.content_id = s.content_id AND c.site = %(site)s
    JOIN connector.content_version v ON v.content_id = s.content_id AND v.version = s.version
    JOIN connector.person p ON p.person_id = s.person_id AND p.site = c.site
    WHERE (c.content_id::text = %(content)s OR %(content)s = 'chosen' AND v.body ->> 'certificate' = %(template)s)
      AND NOT EXISTS (SELECT FROM connector.certificate k
                      WHERE k.site = c.site AND k.person_id = s.person_id AND k.template = %(template)s AND k.deed = s.deed)
), counted AS (
    SELECT o.attempt_id, a.content_id, max(b.percent) AS best, round(avg(b.percent)::numeric, 6)::double precision AS average,
           max(ARRAY[b.number, b.percent, b.marked_version, COALESCE(b.passed, false)::int]) AS newest,
           CASE o.policy WHEN 'average' THEN round((avg(b.percent) FILTER (WHERE b.number <= a.number))::numeric, 6)
                         ELSE a.percent END::double precision AS after_it
    FROM owed o
    JOIN connector.attempt a USING (attempt_id)
    JOIN connector.attempt b ON b.content_id = a.content_id AND b.platform_id = a.platform_id AND b.link = a.link
                            AND b.subject = a.subject AND NOT b.trial AND b.submitted_at IS NOT NULL
                            AND b.discarded_at IS NULL AND b.percent IS NOT NULL
    GROUP BY o.attempt_id, o.policy, a.content_id, a.percent
), judged AS (
    SELECT n.attempt_id, n.after_it,
           CASE v.body ->> 'policy' WHEN 'last' THEN n.newest[2] WHEN 'average' THEN n.average ELSE n.best END AS now,
           CASE v.body ->> 'policy' WHEN 'last' THEN n.newest[4] = 1
                                    WHEN 'average' THEN n.average >= COALESCE(jsonb_path_query_first(
               v.body, 'strict $.pass_mark ? (@.type() == "number" && @ >= 0 && @ <= 100)', silent => true
           )::double precision, 80)
                                    ELSE true END AS passed
    FROM counted n
    JOIN connector.content_version v ON v.content_id = n.content_id AND v.version = n.newest[3]::int
)
SELECT o.person_id, o.deed, o.earned_at,
       o.evidence || CASE WHEN o.attempt_id IS NULL THEN '{}'
                          ELSE jsonb_build_object('counts', n.now, 'pass_mark', o.pass_mark) END AS evidence
FROM owed o LEFT JOIN judged n USING (attempt_id)
WHERE o.attempt_id IS NULL OR n.passed AND n.after_it >= o.pass_mark
ORDER BY o.person_id, o.earned_at
