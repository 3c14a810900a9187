ALTER TABLE bookings
    ADD COLUMN source_reference text NOT NULL DEFAULT '',
    ADD COLUMN commission_percent numeric(5, 2) CHECK (commission_percent BETWEEN 0 AND 100),
    ADD COLUMN commission_minor bigint;
COMMENT ON COLUMN bookings.source_reference IS 'The name that the channel or company has for it; once per source.';
COMMENT ON COLUMN bookings.commission_minor IS 'Percent of the net price of the room nights sold; final at completed.';
CREATE UNIQUE INDEX bookings_by_source ON bookings (hotel_id, source, source_reference) WHERE source_reference <> '';

ALTER TABLE stays ADD COLUMN fee_minor bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN stays.fee_minor IS 'What is owed for ending it early or not at all.';

-- A line is never edited: an amended stay gets new lines, and the old ones say which step put them aside.
ALTER TABLE nightly_lines
    ADD COLUMN superseded_seq int,
    ADD COLUMN released boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN nightly_lines.released IS 'The night was given back for sale and is not owed.';

CREATE TABLE change_requests (
    hotel_id int NOT NULL,
    reference text NOT NULL,
    number int NOT NULL CHECK (number > 0),
    verdict text NOT NULL CHECK (verdict IN ('open', 'accepted', 'declined', 'withdrawn', 'lapsed')),
    wish jsonb NOT NULL,
    words text NOT NULL DEFAULT '',
    plans jsonb NOT NULL,
    before_minor bigint NOT NULL,
    after_minor bigint NOT NULL,
    asked_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    answered_at timestamptz,
    answer text NOT NULL DEFAULT '',
    PRIMARY KEY (hotel_id, reference, number),
    FOREIGN KEY (hotel_id, reference) REFERENCES bookings
);
COMMENT ON COLUMN change_requests.plans IS 'domain.changes.StayPlan as JSON: the change as it was priced when it was asked for.';
CREATE UNIQUE INDEX one_open_change_a_booking ON change_requests (hotel_id, reference) WHERE verdict = 'open';
CREATE INDEX change_requests_open ON change_requests (hotel_id, until) WHERE verdict = 'open';

GRANT SELECT, INSERT, UPDATE ON change_requests TO holdfast_app;
GRANT SELECT ON change_requests TO holdfast_ops;
GRANT UPDATE (superseded_seq, released) ON nightly_lines TO holdfast_app;
GRANT DELETE ON stay_guests TO holdfast_app;
GRANT INSERT ON policy_versions TO holdfast_app;
GRANT UPDATE (policy_version, zone) ON hotels TO holdfast_app;
