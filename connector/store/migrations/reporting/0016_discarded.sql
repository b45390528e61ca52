-- Attempts that who teaches has discarded are kept, and count nowhere: in assessment_attempts they stand without a result.
ALTER TABLE facts.fact_assessment_attempt ADD discarded_at timestamptz;
COMMENT ON COLUMN facts.fact_assessment_attempt.discarded_at IS 'When it was discarded; NULL: it counts.';
CREATE INDEX fact_assessment_attempt_discarded ON facts.fact_assessment_attempt (series, number)
WHERE discarded_at IS NOT NULL;

-- The first attempt is the first that counts: before it are those that were discarded, and no others.
CREATE OR REPLACE VIEW facts.attempt_row AS
SELECT a.person_id, a.series, a.attempt_id, a.content, d.title AS content_title, a.version, a.platform, a.course_id,
       c.idnumber, c.shortname, c.fullname, a.link, a.number, a.started_at, a.submitted_at,
       extract(epoch FROM a.submitted_at - a.started_at)::double precision AS seconds,
       CASE WHEN a.discarded_at IS NULL THEN a.percent END AS percent,
       CASE WHEN a.discarded_at IS NULL THEN a.passed END AS passed,
       CASE WHEN a.discarded_at IS NOT NULL THEN 'discarded' WHEN a.submitted_at IS NULL THEN 'open'
            WHEN a.percent IS NULL THEN 'submitted' ELSE 'marked' END AS state,
       a.discarded_at IS NULL AND a.number = 1 + (
           SELECT count(*) FROM facts.fact_assessment_attempt e
           WHERE e.series = a.series AND e.number < a.number AND e.discarded_at IS NOT NULL) AS is_first,
       a.discarded_at IS NULL AND a.percent IS NOT NULL AND NOT EXISTS (
           SELECT FROM facts.fact_assessment_attempt l
           WHERE l.series = a.series AND l.number > a.number AND l.percent IS NOT NULL AND l.discarded_at IS NULL) AS is_final,
       a.observed_at
FROM facts.fact_assessment_attempt a
LEFT JOIN facts.dim_course c ON c.course_id = a.course_id AND c.valid_to = 'infinity'
LEFT JOIN facts.dim_content d ON d.content = a.content;

CREATE OR REPLACE VIEW facts.attempt_seen WITH (security_barrier) AS
SELECT a.attempt_id, a.series, a.number, a.person_id, a.platform, a.course, a.course_id, a.link, a.content, a.version,
       a.started_at, a.submitted_at, a.percent, a.passed, a.observed_at
FROM facts.fact_assessment_attempt a WHERE (SELECT s.everything FROM facts.sight s) AND a.discarded_at IS NULL
UNION ALL
SELECT a.attempt_id, a.series, a.number, a.person_id, a.platform, a.course, a.course_id, a.link, a.content, a.version,
       a.started_at, a.submitted_at, a.percent, a.passed, a.observed_at
FROM facts.fact_assessment_attempt a
JOIN facts.dim_person p ON p.person_id = a.person_id AND p.valid_to = 'infinity'
WHERE NOT (SELECT s.everything FROM facts.sight s) AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[])
  AND a.discarded_at IS NULL;
COMMENT ON VIEW facts.attempt_seen IS
    'Attempts that count of those in sight; who sees everybody sees those of unknown people, too.';

CREATE OR REPLACE VIEW reporting.assessment_performance WITH (security_barrier) AS
SELECT x.content, d.title AS content_title, x.platform, x.course_id, c.idnumber, c.shortname, c.fullname, x.learners,
       x.attempts, x.waiting, x.first_marked, x.first_passed,
       round(100.0 * x.first_passed / NULLIF(x.first_marked, 0), 1)::double precision AS first_pass_rate,
       x.final_marked, x.final_passed,
       round(100.0 * x.final_passed / NULLIF(x.final_marked, 0), 1)::double precision AS final_pass_rate,
       round(x.average_percent::numeric, 2)::double precision AS average_percent,
       round(x.median_percent::numeric, 2)::double precision AS median_percent,
       round(x.median_seconds::numeric, 1)::double precision AS median_seconds
FROM (
    SELECT a.content, a.platform, a.course_id, count(DISTINCT COALESCE(a.person_id, -a.series)) AS learners,
           count(*) AS attempts, count(*) FILTER (WHERE a.submitted_at IS NOT NULL AND a.percent IS NULL) AS waiting,
           count(*) FILTER (WHERE a.number = n.first AND a.percent IS NOT NULL) AS first_marked,
           count(*) FILTER (WHERE a.number = n.first AND a.passed) AS first_passed,
           count(f.series) AS final_marked,
           count(f.series) FILTER (WHERE a.passed) AS final_passed,
           avg(a.percent) FILTER (WHERE f.series IS NOT NULL) AS average_percent,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY a.percent) FILTER (WHERE f.series IS NOT NULL) AS median_percent,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM a.submitted_at - a.started_at)::double precision)
               FILTER (WHERE f.series IS NOT NULL) AS median_seconds
    FROM facts.attempt_seen a
    LEFT JOIN (SELECT l.series, l.content, max(l.number) AS number FROM facts.fact_assessment_attempt l
               WHERE l.percent IS NOT NULL AND l.discarded_at IS NULL GROUP BY l.series, l.content) f
           ON f.series = a.series AND f.number = a.number AND f.content = a.content
    LEFT JOIN (SELECT e.series, array_agg(e.number) AS numbers FROM facts.fact_assessment_attempt e
               WHERE e.discarded_at IS NOT NULL GROUP BY e.series) gone ON gone.series = a.series
    CROSS JOIN LATERAL (
        SELECT CASE WHEN gone.series IS NULL THEN 1
                    ELSE 1 + (SELECT count(*) FROM unnest(gone.numbers) g WHERE g < a.number) END AS first) n
    GROUP BY a.content, a.platform, a.course_id
) x
LEFT JOIN facts.dim_content d ON d.content = x.content
LEFT JOIN facts.dim_course c ON c.course_id = x.course_id AND c.valid_to = 'infinity';
