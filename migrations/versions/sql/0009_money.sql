-- A payment is no longer only what the desk took: it is also what the payment provider was asked to take.
ALTER TABLE payments DROP CONSTRAINT payments_method_check;
ALTER TABLE payments ADD CONSTRAINT payments_method_check
    CHECK (method IN ('cash', 'card_terminal', 'upi', 'transfer', 'stripe'));
ALTER TABLE payments DROP CONSTRAINT payments_amount_minor_check;
ALTER TABLE payments ADD CONSTRAINT payments_amount_minor_check CHECK (amount_minor >= 0);
ALTER TABLE payments
    ADD COLUMN purpose text NOT NULL DEFAULT 'balance' CHECK (purpose IN ('authorisation', 'prepaid', 'deposit',
        'guarantee', 'fee', 'balance')),
    ADD COLUMN how text NOT NULL DEFAULT 'desk' CHECK (how IN ('hosted_page', 'intent', 'off_session', 'desk')),
    ADD COLUMN state text NOT NULL DEFAULT 'captured' CHECK (state IN ('created', 'needs_guest', 'processing',
        'authorised', 'captured', 'saved', 'declined', 'voided', 'auth_expired')),
    ADD COLUMN captured_minor bigint CHECK (captured_minor >= 0),
    ADD COLUMN refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    ADD COLUMN session_id text NOT NULL DEFAULT '',
    ADD COLUMN intent_id text NOT NULL DEFAULT '',
    ADD COLUMN capture_before timestamptz,
    ADD COLUMN decline_code text NOT NULL DEFAULT '',
    ADD COLUMN disputed boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT payments_refunds_check CHECK (refunded_minor <= coalesce(captured_minor, amount_minor));
COMMENT ON COLUMN payments.amount_minor IS 'What was asked for, or what the desk took; 0 where a card is only kept.';
COMMENT ON COLUMN payments.captured_minor IS 'What was taken; null for what the desk took before this was kept.';
COMMENT ON COLUMN payments.refunded_minor IS 'What was given back, or is on its way back.';
COMMENT ON COLUMN payments.received_at IS 'When it was taken; while nothing is, when it was begun.';
-- One obligation has one open attempt, and so has a booking.
CREATE UNIQUE INDEX one_open_payment_a_booking ON payments (hotel_id, reference)
    WHERE state IN ('created', 'needs_guest', 'processing');
CREATE UNIQUE INDEX payments_by_intent ON payments (intent_id) WHERE intent_id <> '';
CREATE UNIQUE INDEX payments_by_session ON payments (session_id) WHERE session_id <> '';
CREATE INDEX payments_unsettled ON payments (hotel_id, reference)
    WHERE state IN ('created', 'needs_guest', 'processing', 'authorised');

CREATE TABLE refunds (
    hotel_id int NOT NULL,
    reference text NOT NULL,
    number int NOT NULL CHECK (number > 0),
    payment int NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    state text NOT NULL CHECK (state IN ('wanted', 'pending', 'needs_guest', 'succeeded', 'failed', 'canceled')),
    cause text NOT NULL,
    provider_id text NOT NULL DEFAULT '',
    asked_at timestamptz NOT NULL,
    told_at timestamptz NOT NULL,
    business_date date NOT NULL,
    staff_id int,
    PRIMARY KEY (hotel_id, reference, number),
    FOREIGN KEY (hotel_id, reference, payment) REFERENCES payments (hotel_id, reference, number)
);
COMMENT ON COLUMN refunds.told_at IS 'When its state was last told by the provider, or by the desk.';
COMMENT ON COLUMN refunds.staff_id IS 'Who at the desk asked for it; null where it followed from the terms.';
CREATE UNIQUE INDEX refunds_by_provider ON refunds (provider_id) WHERE provider_id <> '';
CREATE INDEX refunds_open ON refunds (hotel_id, asked_at) WHERE state IN ('wanted', 'pending', 'needs_guest');

ALTER TABLE bookings ADD COLUMN money_open boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN bookings.money_open IS 'It has ended, and still has to do with the payment provider.';
CREATE INDEX bookings_money_open ON bookings (hotel_id, reference) WHERE money_open;

-- What the payment provider told, once by its event's name; the object is looked at, so no body is kept. It is no
-- hotel's: who is meant may be unknown at first.
CREATE TABLE provider_hints (
    event_id text PRIMARY KEY CHECK (event_id <> ''),
    event_type text NOT NULL,
    account text NOT NULL DEFAULT '',
    object_id text NOT NULL DEFAULT '',
    object_type text NOT NULL DEFAULT '',
    intent_id text NOT NULL DEFAULT '',
    charge_id text NOT NULL DEFAULT '',
    hotel int NOT NULL DEFAULT 0,
    reference text NOT NULL DEFAULT '',
    payment int NOT NULL DEFAULT 0,
    refund int NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'told', 'ignored', 'given_up')),
    tries int NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    told_at timestamptz,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN provider_hints.state IS 'told: the booking was told; ignored: it is about nothing of ours; given_up: nobody was found in 72 hours.';
CREATE INDEX provider_hints_waiting ON provider_hints (next_at) WHERE state = 'waiting';
CREATE INDEX provider_hints_by_booking ON provider_hints (reference) WHERE reference <> '';

ALTER TABLE attention_items DROP CONSTRAINT attention_items_kind_check;
ALTER TABLE attention_items ADD CONSTRAINT attention_items_kind_check CHECK (
    CASE WHEN notice_id IS NULL
        THEN kind IN ('workflow_parked', 'workflow_missing', 'step_stuck', 'clock_ahead', 'move_refused', 'dispute',
            'charge_unknown_to_us', 'payment_unknown_to_stripe', 'amount_differs', 'currency_differs',
            'status_differs', 'refund_unknown_to_us', 'refund_missing_at_stripe', 'refund_failed_unseen',
            'double_charge', 'money_kept_on_dead_booking', 'fee_or_transfer_differs', 'dispute_unseen',
            'refund_pending_over_10_days', 'authorisation_ends_48h')
        ELSE kind IN ('undeliverable', 'bounced', 'complained') END
);

-- Hotels that were shut because cards could not be taken are open now.
UPDATE hotels SET not_on_sale_reason = NULL
WHERE not_on_sale_reason = 'This hotel is paid by card online, and online payment is not open here yet.';

GRANT SELECT ON refunds, provider_hints TO holdfast_ops;
GRANT SELECT, INSERT, UPDATE ON refunds, provider_hints TO holdfast_app;
GRANT UPDATE (state, captured_minor, refunded_minor, session_id, intent_id, capture_before, decline_code, disputed,
    received_at, business_date) ON payments TO holdfast_app;
