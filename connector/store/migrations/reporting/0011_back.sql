-- The way back: what was brought over goes from the facts; the connector's own tables still have it.
DROP FUNCTION reporting.completions_as_of;
DROP VIEW reporting.completion_history, reporting.completions, facts.learned_row;
DROP INDEX facts.fact_completion_import;
DELETE FROM facts.fact_completion WHERE source = 'import' OR precision = 'day';
DELETE FROM facts.fact_certificate WHERE source = 'import' OR precision = 'day';
ALTER TABLE facts.fact_completion
    DROP COLUMN score, DROP COLUMN score_max,
    DROP CONSTRAINT fact_completion_source_check,
    ADD CONSTRAINT fact_completion_source_check CHECK (source IN ('moodle', 'recompletion')),
    DROP CONSTRAINT fact_completion_precision_check,
    ADD CONSTRAINT fact_completion_precision_check CHECK (precision IN ('second', 'minute', 'seen by'));
COMMENT ON COLUMN facts.fact_completion.source IS
    'moodle: the mirror saw it hold; recompletion: an earlier attempt that local_recompletion has put away, which held from '
    'when it was completed.';
ALTER TABLE facts.fact_certificate
    DROP CONSTRAINT fact_certificate_precision_check,
    ADD CONSTRAINT fact_certificate_precision_check CHECK (precision IN ('second', 'minute', 'seen by'));
