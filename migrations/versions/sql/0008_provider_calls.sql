-- What was asked of the payment provider, under which key: see docs/rules/provider_calls.md. No word about people.
CREATE TABLE provider_calls (
    hotel_id int NOT NULL REFERENCES hotels,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    reference text NOT NULL,
    call text NOT NULL,
    target text NOT NULL DEFAULT '',
    params_hash text NOT NULL,
    params jsonb NOT NULL,
    round int NOT NULL DEFAULT 1 CHECK (round >= 1),
    state text NOT NULL CHECK (state IN ('new', 'sent', 'done', 'unknown')),
    first_sent_at timestamptz,
    last_sent_at timestamptz,
    object_id text NOT NULL DEFAULT '',
    code text NOT NULL DEFAULT '',
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (hotel_id, key),
    FOREIGN KEY (hotel_id, reference) REFERENCES bookings,
    CHECK (state = 'new' OR (first_sent_at IS NOT NULL AND last_sent_at IS NOT NULL))
);
COMMENT ON COLUMN provider_calls.params IS 'All that the call says; a repetition says the very same.';
COMMENT ON COLUMN provider_calls.round IS 'Rises with each fresh key, after the provider was asked what it has.';
COMMENT ON COLUMN provider_calls.first_sent_at IS 'Of this round, by the real clock; null where it certainly never was.';
COMMENT ON COLUMN provider_calls.code IS 'Why the provider refused it for good; empty where it did not.';
CREATE INDEX provider_calls_by_booking ON provider_calls (hotel_id, reference);

-- A hotel without a row is charged on the platform's own account.
CREATE TABLE stripe_accounts (
    hotel_id int PRIMARY KEY REFERENCES hotels,
    account_id text NOT NULL UNIQUE CHECK (account_id <> ''),
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    charges_enabled boolean NOT NULL DEFAULT false,
    payouts_enabled boolean NOT NULL DEFAULT false,
    requirements jsonb NOT NULL DEFAULT '{}',
    fee_percent numeric(5, 2) NOT NULL DEFAULT 0 CHECK (fee_percent BETWEEN 0 AND 100),
    refund_fee boolean NOT NULL DEFAULT true,
    checked_at timestamptz NOT NULL
);
COMMENT ON COLUMN stripe_accounts.fee_percent IS 'The platform''s share of each charge.';
COMMENT ON COLUMN stripe_accounts.refund_fee IS 'Whether a refund gives its part of the platform''s share back.';
COMMENT ON COLUMN stripe_accounts.checked_at IS 'When the provider was last asked how the account stands.';

GRANT SELECT ON provider_calls, stripe_accounts TO holdfast_ops;
GRANT SELECT, INSERT, UPDATE ON provider_calls, stripe_accounts TO holdfast_app;
