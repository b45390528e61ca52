-- name: kept
-- What was found of how to read this Moodle, while it holds; a clock that was put back does not make it hold longer.
SELECT told FROM connector.reading_choice
WHERE site = %(site)s AND wanted = %(wanted)s AND found_at <= %(now)s AND %(now)s < holds_until

-- name: keep
-- What was found now, in place of what was found before.
INSERT INTO connector.reading_choice (site, wanted, told, found_at, holds_until)
VALUES (%(site)s, %(wanted)s, %(told)s, %(now)s, %(until)s)
ON CONFLICT (site) DO UPDATE
SET wanted = excluded.wanted, told = excluded.told, found_at = excluded.found_at, holds_until = excluded.holds_until

-- name: forget
-- Moodle answered otherwise than was found.
DELETE FROM connector.reading_choice WHERE site = %(site)s
