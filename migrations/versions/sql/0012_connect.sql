-- A call may also be the hotel's own, such as the one that makes its account.
ALTER TABLE provider_calls ALTER COLUMN reference DROP NOT NULL;
COMMENT ON COLUMN provider_calls.reference IS 'The booking it is for; null where it is about the hotel itself.';

ALTER TABLE stripe_accounts ADD COLUMN left_at timestamptz;
COMMENT ON COLUMN stripe_accounts.left_at IS 'When the provider said that the account is not the platform''s any more.';

-- What a guest's bank says after the money was taken.
CREATE TABLE disputes (
    hotel_id int NOT NULL,
    dispute_id text NOT NULL CHECK (dispute_id <> ''),
    reference text NOT NULL,
    payment int NOT NULL,
    kind text NOT NULL CHECK (kind IN ('dispute', 'early_fraud_warning')),
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    currency text NOT NULL,
    reason text NOT NULL,
    status text NOT NULL,
    due_by timestamptz,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (hotel_id, dispute_id),
    FOREIGN KEY (hotel_id, reference, payment) REFERENCES payments (hotel_id, reference, number)
);
COMMENT ON COLUMN disputes.dispute_id IS 'The provider''s name of the dispute, or of the warning.';
COMMENT ON COLUMN disputes.amount_minor IS 'What is disputed; of a warning, what was paid.';
COMMENT ON COLUMN disputes.due_by IS 'Until when evidence can be sent; null where none is asked for.';
COMMENT ON COLUMN disputes.seen_at IS 'When the provider was last asked.';
CREATE INDEX disputes_by_booking ON disputes (hotel_id, reference, payment);

ALTER TABLE attention_items DROP CONSTRAINT attention_items_kind_check;
ALTER TABLE attention_items ADD CONSTRAINT attention_items_kind_check CHECK (
    CASE WHEN notice_id IS NULL
        THEN kind IN ('workflow_parked', 'workflow_missing', 'step_stuck', 'clock_ahead', 'move_refused', 'dispute',
            'early_fraud_warning',
            'charge_unknown_to_us', 'payment_unknown_to_stripe', 'amount_differs', 'currency_differs',
            'status_differs', 'refund_unknown_to_us', 'refund_missing_at_stripe', 'refund_failed_unseen',
            'double_charge', 'money_kept_on_dead_booking', 'fee_or_transfer_differs', 'dispute_unseen',
            'refund_pending_over_10_days', 'authorisation_ends_48h')
        ELSE kind IN ('undeliverable', 'bounced', 'complained') END
);

GRANT SELECT ON disputes TO holdfast_ops;
GRANT SELECT, INSERT, UPDATE ON disputes TO holdfast_app;
