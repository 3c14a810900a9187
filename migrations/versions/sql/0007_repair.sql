-- What was done to bring a booking, or a hotel's counters, back to what their rows say.
CREATE TABLE repairs (
    hotel_id int NOT NULL REFERENCES hotels,
    repair_id bigint GENERATED ALWAYS AS IDENTITY,
    reference text,
    what text NOT NULL CHECK (what IN ('resumed', 'woken', 'moved', 'step_retried', 'counters_corrected')),
    done_by text NOT NULL CHECK (done_by IN ('sweeper', 'operator')),
    detail text NOT NULL DEFAULT '',
    done_at timestamptz NOT NULL,
    PRIMARY KEY (hotel_id, repair_id),
    FOREIGN KEY (hotel_id, reference) REFERENCES bookings
);
COMMENT ON COLUMN repairs.reference IS 'Null where the repair was about the hotel''s counters.';
CREATE INDEX repairs_by_booking ON repairs (hotel_id, reference, done_at);
CREATE INDEX repairs_by_time ON repairs (done_at);

-- A letter has its own kinds of trouble; the other kinds are about a booking's workflow and have no letter.
ALTER TABLE attention_items ALTER COLUMN notice_id DROP NOT NULL;
ALTER TABLE attention_items DROP CONSTRAINT attention_items_kind_check;
ALTER TABLE attention_items ADD CONSTRAINT attention_items_kind_check CHECK (
    CASE WHEN notice_id IS NULL
        THEN kind IN ('workflow_parked', 'workflow_missing', 'step_stuck', 'clock_ahead', 'move_refused')
        ELSE kind IN ('undeliverable', 'bounced', 'complained') END
);
CREATE UNIQUE INDEX attention_items_open_story ON attention_items (hotel_id, reference, kind)
    WHERE closed_at IS NULL AND notice_id IS NULL;

-- Which build was made current last: what a Temporal server that has lost its data is told again.
CREATE TABLE current_builds (
    deployment text PRIMARY KEY,
    build_id text NOT NULL,
    activated_at timestamptz NOT NULL
);

-- Who does a periodic work for all: one process at a time, for as long as it says.
CREATE TABLE leases (
    name text PRIMARY KEY,
    holder text NOT NULL,
    until timestamptz NOT NULL
);

GRANT SELECT ON repairs, current_builds, leases TO holdfast_ops;
GRANT SELECT, INSERT ON repairs TO holdfast_app;
GRANT SELECT, INSERT, UPDATE ON current_builds, leases TO holdfast_app;
