-- name: states
-- How the last run of each job went.
SELECT name, started_at, outcome, failures, error, succeeded_at, tries, failing_since, finished_at AS ended_at FROM connector.job WHERE site = %(site)s ORDER BY name

-- name: begin
-- A run begins.
INSERT INTO connector.job (site, name, started_at) VALUES (%(site)s, %(name)s, %(now)s)
ON CONFLICT (site, name) DO UPDATE SET started_at = excluded.started_at, outcome = 'running'

-- name: end
-- A run has ended. Being told to stop, or stepping aside, is no failure, and no success either.
UPDATE connector.job
SET outcome = %(outcome)s,
    finished_at = %(now)s,
    error = CASE %(outcome)s WHEN 'stopped' THEN error ELSE %(error)s END,
    failures = CASE %(outcome)s WHEN 'done' THEN 0 WHEN 'stopped' THEN failures ELSE failures + 1 END,
    succeeded_at = CASE %(outcome)s WHEN 'done' THEN %(now)s ELSE succeeded_at END,
    tries = CASE WHEN %(well)s THEN 0 ELSE tries + %(try_again)s::boolean::integer END,
    failing_since = CASE WHEN %(well)s THEN NULL
                         WHEN %(try_again)s THEN COALESCE(failing_since, %(now)s) ELSE failing_since END
WHERE site = %(site)s AND name = %(name)s

-- name: release
-- A person says that it is to be tried again.
UPDATE connector.job SET failures = 0, tries = 0, failing_since = NULL
WHERE site = %(site)s AND name = %(name)s AND (failures > 0 OR tries > 0)
