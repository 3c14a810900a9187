-- A call may also be the hotel's own, such as the one that makes its account.
ALTER TABLE provider_calls ALTER COLUMN reference DROP NOT NULL;
COMMENT ON COLUMN provider_calls.reference IS 'The booking it is for; null where it is about the hotel itself.';

ALTER TABLE stripe_accounts ADD COLUMN left_at timestamptz;
COMMENT ON COLUMN stripe_accounts.left_at IS 'When the provider said that the account is not the platform''s any more.';
