-- One comparing of a hotel's three ledgers: of its night, or because somebody asked for it.
CREATE TABLE reconciliation_runs (
    hotel_id int NOT NULL REFERENCES hotels,
    business_date date NOT NULL,
    number int NOT NULL CHECK (number > 0),
    state text NOT NULL CHECK (state IN ('asked', 'running', 'done', 'incomplete', 'failed')),
    asked_by text NOT NULL CHECK (asked_by IN ('night', 'desk', 'operator')),
    staff_id int,
    asked_at timestamptz NOT NULL,
    window_from timestamptz,
    window_until timestamptz,
    events_since timestamptz,
    currency text NOT NULL,
    nights_posted int NOT NULL DEFAULT 0,
    compared_to text NOT NULL DEFAULT '',
    objects int NOT NULL DEFAULT 0,
    bookings int NOT NULL DEFAULT 0,
    bookings_unread int NOT NULL DEFAULT 0,
    found int NOT NULL DEFAULT 0,
    waiting int NOT NULL DEFAULT 0,
    opened int NOT NULL DEFAULT 0,
    closed int NOT NULL DEFAULT 0,
    provider_captured_minor bigint NOT NULL DEFAULT 0,
    provider_refunded_minor bigint NOT NULL DEFAULT 0,
    rows_captured_minor bigint NOT NULL DEFAULT 0,
    rows_refunded_minor bigint NOT NULL DEFAULT 0,
    booking_captured_minor bigint NOT NULL DEFAULT 0,
    booking_refunded_minor bigint NOT NULL DEFAULT 0,
    detail text NOT NULL DEFAULT '',
    started_at timestamptz,
    ended_at timestamptz,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (hotel_id, business_date, number),
    CHECK (state = 'asked' OR started_at IS NOT NULL),
    CHECK ((state IN ('done', 'incomplete', 'failed')) = (ended_at IS NOT NULL))
);
COMMENT ON COLUMN reconciliation_runs.number IS 'From 1 within the hotel''s business date.';
COMMENT ON COLUMN reconciliation_runs.state IS 'incomplete: the provider has more than one run may read, so nothing was closed; failed: it did not answer.';
COMMENT ON COLUMN reconciliation_runs.events_since IS 'What the provider told from here on is looked at too, however old its objects are.';
COMMENT ON COLUMN reconciliation_runs.bookings_unread IS 'Whose stories could not be asked; their own sums are taken from the rows here.';
COMMENT ON COLUMN reconciliation_runs.compared_to IS 'How far it has come, so that a page that is compared again is counted once.';
COMMENT ON COLUMN reconciliation_runs.waiting IS 'Differences younger than 15 minutes; they are looked at again.';
COMMENT ON COLUMN reconciliation_runs.provider_captured_minor IS 'Taken from the compared bookings altogether, as the provider has it; beside it as the rows and as the bookings themselves have it.';
CREATE INDEX reconciliation_runs_open ON reconciliation_runs (hotel_id, asked_at) WHERE ended_at IS NULL;

-- What the provider listed for a run, one row an object; gone when the run has ended. No word about people.
CREATE TABLE provider_objects (
    hotel_id int NOT NULL,
    business_date date NOT NULL,
    number int NOT NULL,
    object_id text NOT NULL CHECK (object_id <> ''),
    kind text NOT NULL CHECK (kind IN ('payment', 'refund', 'mention')),
    paid_by text NOT NULL DEFAULT '',
    reference text NOT NULL DEFAULT '',
    facts jsonb NOT NULL,
    ours boolean NOT NULL,
    compared boolean NOT NULL DEFAULT false,
    PRIMARY KEY (hotel_id, business_date, number, object_id),
    FOREIGN KEY (hotel_id, business_date, number) REFERENCES reconciliation_runs
);
COMMENT ON COLUMN provider_objects.kind IS 'mention: a dispute, a fee or an event that names a payment or a refund.';
COMMENT ON COLUMN provider_objects.ours IS 'Said to be this hotel''s, or nobody''s and told to it.';
COMMENT ON COLUMN provider_objects.paid_by IS 'The payment that it is about, by the provider''s name.';
CREATE INDEX provider_objects_by_payment ON provider_objects (hotel_id, business_date, number, paid_by);
CREATE INDEX provider_objects_by_booking ON provider_objects (hotel_id, business_date, number, reference);

CREATE TABLE reconciliation_lines (
    hotel_id int NOT NULL,
    business_date date NOT NULL,
    number int NOT NULL,
    line text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('payment', 'refund')),
    reference text NOT NULL,
    money_number int NOT NULL,
    object_id text NOT NULL,
    currency text NOT NULL,
    provider_state text NOT NULL,
    provider_minor bigint,
    rows_state text NOT NULL,
    rows_minor bigint,
    code text NOT NULL DEFAULT '',
    PRIMARY KEY (hotel_id, business_date, number, line),
    FOREIGN KEY (hotel_id, business_date, number) REFERENCES reconciliation_runs
);
COMMENT ON COLUMN reconciliation_lines.money_number IS 'Of the payment or the refund within its booking.';

CREATE TABLE reconciliation_items (
    hotel_id int NOT NULL,
    item_id bigint GENERATED ALWAYS AS IDENTITY,
    business_date date NOT NULL,
    number int NOT NULL,
    key text NOT NULL,
    code text NOT NULL CHECK (code IN ('charge_unknown_to_us', 'payment_unknown_to_stripe', 'amount_differs',
        'currency_differs', 'status_differs', 'refund_unknown_to_us', 'refund_missing_at_stripe',
        'refund_failed_unseen', 'double_charge', 'money_kept_on_dead_booking', 'fee_or_transfer_differs',
        'dispute_unseen', 'refund_pending_over_10_days', 'authorisation_ends_48h')),
    reference text NOT NULL DEFAULT '',
    payment int NOT NULL DEFAULT 0,
    refund int NOT NULL DEFAULT 0,
    object_id text NOT NULL DEFAULT '',
    currency text NOT NULL,
    provider_minor bigint,
    rows_minor bigint,
    booking_minor bigint,
    detail text NOT NULL,
    opened_at timestamptz NOT NULL,
    seen_business_date date NOT NULL,
    seen_number int NOT NULL,
    closed_at timestamptz,
    PRIMARY KEY (hotel_id, item_id),
    FOREIGN KEY (hotel_id, business_date, number) REFERENCES reconciliation_runs,
    FOREIGN KEY (hotel_id, seen_business_date, seen_number) REFERENCES reconciliation_runs
);
COMMENT ON COLUMN reconciliation_items.reference IS 'As the provider or the rows have it; empty where nobody''s.';
COMMENT ON COLUMN reconciliation_items.seen_number IS 'The last run that found it.';
CREATE UNIQUE INDEX reconciliation_items_open ON reconciliation_items (hotel_id, key) WHERE closed_at IS NULL;
CREATE INDEX reconciliation_items_of_run ON reconciliation_items (hotel_id, business_date, item_id);

-- Money may belong to no booking, and a booking may have two differences of one kind.
ALTER TABLE attention_items ALTER COLUMN reference DROP NOT NULL;
ALTER TABLE attention_items ADD COLUMN about text NOT NULL DEFAULT '';
COMMENT ON COLUMN attention_items.about IS 'Tells items of one kind about the same booking apart.';
ALTER TABLE attention_items ADD CONSTRAINT attention_items_reference_check
    CHECK (reference IS NOT NULL OR (notice_id IS NULL AND about <> ''));
DROP INDEX attention_items_open_story;
CREATE UNIQUE INDEX attention_items_open_story ON attention_items (hotel_id, coalesce(reference, ''), kind, about)
    WHERE closed_at IS NULL AND notice_id IS NULL;

GRANT SELECT ON reconciliation_runs, provider_objects, reconciliation_lines, reconciliation_items TO holdfast_ops;
GRANT SELECT, INSERT, UPDATE ON reconciliation_runs, reconciliation_items TO holdfast_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON provider_objects, reconciliation_lines TO holdfast_app;
