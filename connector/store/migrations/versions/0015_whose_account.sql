-- Whose account is whose, asked about a few people as thoroughly as about everybody.
CREATE INDEX person_idnumber ON connector.person
    (site, lower(normalize(COALESCE(wanted ->> 'idnumber', initial ->> 'idnumber'))));
