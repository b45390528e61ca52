-- name: open
-- A case that a plan found; one that is open already keeps its number.
INSERT INTO connector."case" (site, kind, subject, reason, candidates, opened_at)
VALUES (%(site)s, %(kind)s, %(subject)s, %(reason)s, %(candidates)s, %(now)s)
ON CONFLICT (site, kind, subject) WHERE settled_at IS NULL
DO UPDATE SET reason = excluded.reason, candidates = excluded.candidates

-- name: end_others
-- Cases whose cause is gone end by themselves; of a plan of some people those of these people. What no plan finds stays.
UPDATE connector."case" SET settled_at = %(now)s
WHERE site = %(site)s AND settled_at IS NULL AND NOT (kind || ':' || subject) = ANY(%(found)s) AND kind <> ALL(%(others)s)
  AND (%(people)s::text[] IS NULL OR subject = ANY(%(people)s))

-- name: waiting
-- What a person must decide.
SELECT case_id, kind, subject, reason, candidates, opened_at FROM connector."case"
WHERE site = %(site)s AND settled_at IS NULL
ORDER BY case_id

-- name: settled
-- What people decided and did not take back. Only one case on a subject is ever open: the newest word comes last.
SELECT case_id, kind, subject, reason, candidates, opened_at, settlement, settled_by FROM connector."case"
WHERE site = %(site)s AND settlement IS NOT NULL AND withdrawn_at IS NULL
ORDER BY case_id

-- name: word
-- What people decided last on something.
SELECT settlement FROM connector."case"
WHERE site = %(site)s AND kind = %(kind)s AND subject = %(subject)s AND settlement IS NOT NULL AND withdrawn_at IS NULL
ORDER BY case_id DESC LIMIT 1

-- name: withdraw
-- A decision is taken back, and with it others on the same, so that the next plan asks again.
UPDATE connector."case" w SET withdrawn_at = %(now)s, withdrawn_by = %(by)s
FROM connector."case" c
WHERE c.site = %(site)s AND c.case_id = %(case_id)s AND c.settlement IS NOT NULL AND c.withdrawn_at IS NULL
  AND (w.site, w.kind, w.subject) = (c.site, c.kind, c.subject) AND w.settlement IS NOT NULL AND w.withdrawn_at IS NULL
RETURNING c.case_id, c.kind, c.subject, c.reason, c.candidates, c.opened_at, c.settlement, c.settled_by

-- name: find
SELECT case_id, kind, subject, reason, candidates, opened_at FROM connector."case"
WHERE site = %(site)s AND case_id = %(case_id)s AND settled_at IS NULL
FOR UPDATE

-- name: settle
-- A person's decision.
UPDATE connector."case" SET settled_at = %(now)s, settled_by = %(by)s, settlement = %(settlement)s
WHERE case_id = %(case_id)s
