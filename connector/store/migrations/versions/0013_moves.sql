-- One human under two keys: what is known under the earlier one goes to the later one.
ALTER TABLE connector.person ADD moved_to text COLLATE "C", ADD left_on date, ADD manager_missing_since timestamptz;
COMMENT ON COLUMN connector.person.moved_to IS
    'The key under which the person is named now, when the last plan was made: to us this one has left.';
COMMENT ON COLUMN connector.person.left_on IS
    'The first day on which the person does not work here any more, in the own time zone; noted by the first plan that '
    'finds it so.';
COMMENT ON COLUMN connector.person.manager_missing_since IS
    'Since when a manager is named whom nobody knows, when the last plan was made.';
CREATE INDEX person_declaring ON connector.person (site, key) WHERE earlier_keys IS NOT NULL;
CREATE INDEX person_moved ON connector.person (site, moved_to) WHERE moved_to IS NOT NULL;

-- Where a person stands on a day: decided in one place, in two steps.
CREATE FUNCTION connector.said_status(p connector.person, at timestamptz, ahead integer)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN p.gone OR NOT p.active THEN 'left'
        WHEN p.ends < (at AT TIME ZONE p.timezone)::date THEN 'left'
        WHEN p.starts - ahead > (at AT TIME ZONE p.timezone)::date THEN 'upcoming'
        WHEN p.starts > (at AT TIME ZONE p.timezone)::date THEN 'joining'
        ELSE 'active'
    END
$$;
COMMENT ON FUNCTION connector.said_status IS
    'upcoming, joining (account made, suspended), active or left, by what is said under this key; days are those of the '
    'person''s own time zone. A last day is still a day of work.';

CREATE OR REPLACE FUNCTION connector.employment_status(p connector.person, at timestamptz, ahead integer)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN p.moved_to IS NOT NULL THEN 'left' ELSE connector.said_status(p, at, ahead) END
$$;
COMMENT ON FUNCTION connector.employment_status IS
    'The same for one human with several keys: who is named under another key now has left under this one.';

CREATE FUNCTION connector.handing_over(p connector.person) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT p.moved_to IS NOT NULL
       AND EXISTS (SELECT FROM connector.binding b WHERE b.site = p.site AND b.person_id = p.person_id)
       AND NOT EXISTS (SELECT FROM connector.person n JOIN connector.binding b ON b.site = n.site AND b.person_id = n.person_id
                       WHERE n.site = p.site AND n.key = p.moved_to)
$$;
COMMENT ON FUNCTION connector.handing_over IS
    'Does the account still stand under this key, and is to go to the one that the person moved to? Then it is left as is.';
