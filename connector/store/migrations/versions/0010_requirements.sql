CREATE TABLE connector.leave (
    person_id bigint PRIMARY KEY REFERENCES connector.person,
    said      daterange,
    days      datemultirange NOT NULL
);
COMMENT ON TABLE connector.leave IS 'When people were, are and will be away, by HR''s word: no deadline runs meanwhile.';
COMMENT ON COLUMN connector.leave.said IS 'The leave that HR last spoke of; NULL where it speaks of none any more.';
COMMENT ON COLUMN connector.leave.days IS 'Every day of leave; without an end while nobody knows of the return.';

ALTER TABLE connector.staged ADD COLUMN leave_from date, ADD COLUMN leave_until date, ADD COLUMN on_leave boolean;
ALTER TABLE connector.differing_grant ADD COLUMN leaves datemultirange;

CREATE TABLE connector.completed_course (
    site      text NOT NULL,
    person_id bigint NOT NULL REFERENCES connector.person,
    course_id bigint NOT NULL,
    PRIMARY KEY (site, person_id, course_id)
);
COMMENT ON TABLE connector.completed_course IS
    'Who has completed a course before which something else is not granted: written by the mirror, read by plans.';
