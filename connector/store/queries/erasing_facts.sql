-- Erasing somebody from the facts, in one transaction: what is counted stays, under a pseudonym.

-- name: begin
CREATE TEMPORARY TABLE erasing ON COMMIT DROP AS
SELECT e.person_id, e.pseudonym
FROM unnest(%(ids)s::bigint[], %(pseudonyms)s::text[]) AS e (person_id, pseudonym)

-- name: begin_accounts
-- Accounts that the facts know of the person, each with a number below nought that says nothing.
CREATE TEMPORARY TABLE erased_account ON COMMIT DROP AS
SELECT person_id, moodle_id,
       -(person_id + (row_number() OVER (PARTITION BY person_id ORDER BY moodle_id DESC) - 1) * 1000000000000) AS number
FROM (
    SELECT d.person_id, d.moodle_id FROM facts.dim_person d JOIN erasing USING (person_id) WHERE d.moodle_id > 0
    UNION SELECT f.person_id, f.moodle_id FROM facts.fact_enrolment f JOIN erasing USING (person_id) WHERE f.moodle_id > 0
    UNION SELECT f.person_id, f.moodle_id FROM facts.fact_completion f JOIN erasing USING (person_id) WHERE f.moodle_id > 0
    UNION SELECT f.person_id, f.moodle_id FROM facts.fact_grade f JOIN erasing USING (person_id) WHERE f.moodle_id > 0
    UNION SELECT f.person_id, f.moodle_id FROM facts.fact_activity_completion f JOIN erasing USING (person_id)
          WHERE f.moodle_id > 0
    UNION SELECT f.person_id, f.moodle_id FROM facts.fact_item_grade f JOIN erasing USING (person_id) WHERE f.moodle_id > 0
    UNION SELECT f.person_id, f.moodle_id FROM facts.fact_grade_history f JOIN erasing USING (person_id)
          WHERE f.moodle_id > 0
    UNION SELECT f.person_id, f.moodle_id FROM facts.fact_certificate f JOIN erasing USING (person_id) WHERE f.moodle_id > 0
) known

-- name: examples
UPDATE facts.summary_quality q
SET examples = (SELECT array_agg(COALESCE(k.pseudonym, x.key) ORDER BY x.place)
                FROM unnest(q.examples) WITH ORDINALITY AS x (key, place)
                LEFT JOIN (SELECT DISTINCT d.hr_key, e.pseudonym FROM facts.dim_person d JOIN erasing e USING (person_id)) k
                       ON k.hr_key = x.key)
WHERE EXISTS (SELECT FROM unnest(q.examples) AS x (key)
              JOIN facts.dim_person d ON d.hr_key = x.key JOIN erasing e USING (person_id) WHERE x.key <> e.pseudonym)

-- name: names
UPDATE facts.person_name n SET firstname = '', lastname = '', email = ''
FROM erasing e WHERE n.person_id = e.person_id AND (n.firstname, n.lastname, n.email) <> ('', '', '')

-- name: people
UPDATE facts.dim_person d SET hr_key = e.pseudonym, moodle_id = NULL, hired_on = NULL, left_on = NULL
FROM erasing e WHERE d.person_id = e.person_id
  AND (d.hr_key <> e.pseudonym OR d.moodle_id IS NOT NULL OR d.hired_on IS NOT NULL OR d.left_on IS NOT NULL)

-- name: enrolments
UPDATE facts.fact_enrolment f SET moodle_id = a.number
FROM erased_account a WHERE f.person_id = a.person_id AND f.moodle_id = a.moodle_id

-- name: completions
UPDATE facts.fact_completion f SET moodle_id = a.number
FROM erased_account a WHERE f.person_id = a.person_id AND f.moodle_id = a.moodle_id

-- name: grades
UPDATE facts.fact_grade f SET moodle_id = a.number
FROM erased_account a WHERE f.person_id = a.person_id AND f.moodle_id = a.moodle_id

-- name: activity_completions
UPDATE facts.fact_activity_completion f SET moodle_id = a.number
FROM erased_account a WHERE f.person_id = a.person_id AND f.moodle_id = a.moodle_id

-- name: item_grades
UPDATE facts.fact_item_grade f SET moodle_id = a.number
FROM erased_account a WHERE f.person_id = a.person_id AND f.moodle_id = a.moodle_id

-- name: grade_history
-- Numbers of changes lead to them in Moodle: others stand there instead, in the same order.
UPDATE facts.fact_grade_history f SET moodle_id = n.number, history_id = n.change
FROM (
    SELECT o.history_id, o.effective_at, o.number, nextval('facts.own_change') AS change
    FROM (SELECT h.history_id, h.effective_at, a.number
          FROM facts.fact_grade_history h
          JOIN erased_account a ON a.person_id = h.person_id AND a.moodle_id = h.moodle_id
          ORDER BY h.effective_at, h.history_id) o
) n
WHERE f.history_id = n.history_id AND f.effective_at = n.effective_at

-- name: grades_of_others
-- What the person changed as a teacher, or did alone.
UPDATE facts.fact_grade_history f SET changed_by = a.number FROM erased_account a WHERE f.changed_by = a.moodle_id

-- name: history_read
DELETE FROM facts.history_read r USING erased_account a WHERE r.moodle_id = a.moodle_id

-- name: certificates
-- Versions of one issue keep one code.
UPDATE facts.fact_certificate f SET moodle_id = n.number, code = n.code
FROM (
    SELECT c.source, c.code AS was, c.valid_from, a.number,
           e.pseudonym || '-' || dense_rank() OVER (PARTITION BY c.person_id ORDER BY c.source, c.code) AS code
    FROM facts.fact_certificate c
    JOIN erased_account a ON a.person_id = c.person_id AND a.moodle_id = c.moodle_id
    JOIN erasing e ON e.person_id = c.person_id
) n
WHERE f.source = n.source AND f.code = n.was AND f.valid_from = n.valid_from

-- name: landed_people
UPDATE facts.landing_person p
SET hr_key = e.pseudonym, moodle_id = NULL, hired_on = NULL, left_on = NULL, firstname = '', lastname = '', email = ''
FROM erasing e WHERE p.person_id = e.person_id AND p.hr_key <> e.pseudonym

-- name: landed_enrolments
DELETE FROM facts.landing_enrolment l USING erased_account a WHERE l.moodle_id = a.moodle_id

-- name: landed_completions
DELETE FROM facts.landing_completion l USING erased_account a WHERE l.moodle_id = a.moodle_id

-- name: landed_grades
DELETE FROM facts.landing_grade l USING erased_account a WHERE l.moodle_id = a.moodle_id

-- name: landed_certificates
DELETE FROM facts.landing_certificate l USING erased_account a WHERE l.moodle_id = a.moodle_id

-- name: landed_activity_completions
DELETE FROM facts.landing_activity_completion l USING erased_account a WHERE l.moodle_id = a.moodle_id

-- name: landed_item_grades
DELETE FROM facts.landing_item_grade l USING erased_account a WHERE l.moodle_id = a.moodle_id

-- name: landed_grade_history
DELETE FROM facts.landing_grade_history l USING erased_account a WHERE a.moodle_id IN (l.moodle_id, l.changed_by)

-- name: landed_earlier_completions
DELETE FROM facts.landing_earlier_completion l USING erased_account a WHERE l.moodle_id = a.moodle_id

-- name: landed_accesses
DELETE FROM facts.landing_access l USING erased_account a WHERE l.moodle_id = a.moodle_id

-- name: landed_scopes
DELETE FROM facts.landing_scope l USING erased_account a WHERE l.moodle_id = a.moodle_id

-- name: held
-- What Moodle still has of an account that is there comes again, by number.
DELETE FROM landing.held l USING erased_account a WHERE l.moodle_id = a.moodle_id

-- name: came
DELETE FROM landing.came l USING erased_account a WHERE l.moodle_id = a.moodle_id

-- name: differences
DELETE FROM facts.reconciliation_difference d USING erased_account a WHERE d.moodle_id = a.moodle_id
