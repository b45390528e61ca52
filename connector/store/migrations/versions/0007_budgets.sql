-- The guard looks at what went in a day and in a week, too.
ALTER TABLE connector.hold ADD COLUMN "window" text NOT NULL DEFAULT 'plan' CHECK ("window" IN ('plan', 'day', 'week')),
                           ADD COLUMN spent integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN connector.hold."window" IS 'Over what the limit was counted: this plan, 24 hours, or 7 days.';
COMMENT ON COLUMN connector.hold.spent IS 'Changes of the class that went in that time without a person''s word.';

CREATE INDEX change_guarded ON connector.change (plan, guard_class) WHERE guard_class IS NOT NULL;
