-- What is kept for ever stands in a table for each month: old months are read by nobody, backed up once, and go as a whole.

-- Views name a table by what it is, not by its name: they are led from the former table to the one that takes its place.
CREATE FUNCTION facts.lead_over(former regclass, views text[], place text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    one text;
BEGIN
    FOREACH one IN ARRAY views LOOP
        EXECUTE format('CREATE OR REPLACE VIEW %s WITH (security_barrier) AS %s', one,
                       replace(pg_get_viewdef(one::regclass), former::text, place));
    END LOOP;
END
$$;

ALTER TABLE facts.fact_compliance_daily RENAME TO compliance_daily_whole;
ALTER INDEX facts.fact_compliance_daily_pkey RENAME TO compliance_daily_whole_pkey;
ALTER TABLE facts.fact_overview_daily RENAME TO overview_daily_whole;
ALTER INDEX facts.fact_overview_daily_pkey RENAME TO overview_daily_whole_pkey;

CREATE TABLE facts.fact_compliance_daily (
    day         date NOT NULL,
    unit        text NOT NULL,
    requirement text NOT NULL,
    assigned    bigint NOT NULL,
    satisfied   bigint NOT NULL,
    overdue     bigint NOT NULL,
    PRIMARY KEY (unit, day, requirement)
) PARTITION BY RANGE (day);
COMMENT ON TABLE facts.fact_compliance_daily IS
    'summary_compliance as it stood on each day (UTC), by the last full reading of the day; by months.';

CREATE TABLE facts.fact_overview_daily (
    day           date NOT NULL,
    unit          text NOT NULL,
    people        bigint NOT NULL,
    active_24h    bigint NOT NULL,
    enrolled      bigint NOT NULL,
    completed     bigint NOT NULL,
    average_score double precision,
    PRIMARY KEY (unit, day)
) PARTITION BY RANGE (day);
COMMENT ON TABLE facts.fact_overview_daily IS
    'summary_overview as it stood on each day (UTC), by the last full reading of the day; by months.';

SELECT facts.make_months('fact_compliance_daily', array_agg(DISTINCT date_trunc('month', day)::date))
FROM facts.compliance_daily_whole HAVING count(*) > 0;
SELECT facts.make_months('fact_overview_daily', array_agg(DISTINCT date_trunc('month', day)::date))
FROM facts.overview_daily_whole HAVING count(*) > 0;
INSERT INTO facts.fact_compliance_daily (day, unit, requirement, assigned, satisfied, overdue)
SELECT day, unit, requirement, assigned, satisfied, overdue FROM facts.compliance_daily_whole;
INSERT INTO facts.fact_overview_daily (day, unit, people, active_24h, enrolled, completed, average_score)
SELECT day, unit, people, active_24h, enrolled, completed, average_score FROM facts.overview_daily_whole;

SELECT facts.lead_over('facts.compliance_daily_whole', '{reporting.compliance_daily,reporting.trend}',
                       'facts.fact_compliance_daily');
SELECT facts.lead_over('facts.overview_daily_whole', '{reporting.trend}', 'facts.fact_overview_daily');
DROP TABLE facts.compliance_daily_whole, facts.overview_daily_whole;
