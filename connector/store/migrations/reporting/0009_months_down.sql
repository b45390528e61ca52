ALTER TABLE facts.fact_compliance_daily RENAME TO compliance_by_months;
ALTER INDEX facts.fact_compliance_daily_pkey RENAME TO compliance_by_months_pkey;
ALTER TABLE facts.fact_overview_daily RENAME TO overview_by_months;
ALTER INDEX facts.fact_overview_daily_pkey RENAME TO overview_by_months_pkey;

CREATE TABLE facts.fact_compliance_daily (LIKE facts.compliance_by_months, PRIMARY KEY (unit, day, requirement));
COMMENT ON TABLE facts.fact_compliance_daily IS
    'summary_compliance as it stood on each day (UTC), by the last full reading of the day.';
CREATE TABLE facts.fact_overview_daily (LIKE facts.overview_by_months, PRIMARY KEY (unit, day));
COMMENT ON TABLE facts.fact_overview_daily IS
    'summary_overview as it stood on each day (UTC), by the last full reading of the day.';
INSERT INTO facts.fact_compliance_daily SELECT * FROM facts.compliance_by_months;
INSERT INTO facts.fact_overview_daily SELECT * FROM facts.overview_by_months;

SELECT facts.lead_over('facts.compliance_by_months', '{reporting.compliance_daily,reporting.trend}',
                       'facts.fact_compliance_daily');
SELECT facts.lead_over('facts.overview_by_months', '{reporting.trend}', 'facts.fact_overview_daily');
DROP TABLE facts.compliance_by_months, facts.overview_by_months;
DROP FUNCTION facts.lead_over(regclass, text[], text);
