-- A hotel's accounts that left the platform, or were rejected, and were replaced. What was paid through them stays theirs.
CREATE TABLE past_stripe_accounts (
    hotel_id int NOT NULL REFERENCES hotels,
    account_id text NOT NULL CHECK (account_id <> ''),
    country text NOT NULL,
    left_at timestamptz,
    replaced_at timestamptz NOT NULL,
    PRIMARY KEY (hotel_id, account_id)
);
COMMENT ON COLUMN past_stripe_accounts.left_at IS 'When it had left the platform; null where it was rejected.';

GRANT SELECT ON past_stripe_accounts TO holdfast_ops;
GRANT SELECT, INSERT ON past_stripe_accounts TO holdfast_app;
