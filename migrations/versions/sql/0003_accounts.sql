-- A session is listed and ended by an id that opens nothing. A build that knows none of this still writes sessions.
ALTER TABLE sessions
    ADD COLUMN session_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    ADD COLUMN logged_in_at timestamptz,
    ADD COLUMN last_used_at timestamptz,
    ADD COLUMN replaced_at timestamptz;
COMMENT ON COLUMN sessions.logged_in_at IS 'When the password was given; a renewed session keeps it. Null: created_at.';
COMMENT ON COLUMN sessions.last_used_at IS 'To ten minutes. Null: created_at.';
COMMENT ON COLUMN sessions.replaced_at IS 'When it was renewed: it lives a moment longer and is renewed no more.';

CREATE TABLE second_factors (
    staff_id int PRIMARY KEY REFERENCES staff,
    sealed_secret bytea NOT NULL,
    begun_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    last_step bigint NOT NULL DEFAULT 0
);
COMMENT ON COLUMN second_factors.sealed_secret IS 'AES-GCM with a key derived from the secret key, bound to the person.';
COMMENT ON COLUMN second_factors.confirmed_at IS 'Null until the first code was right: not asked for at a login yet.';
COMMENT ON COLUMN second_factors.last_step IS 'The half minute of the last code taken; no code of it or before is taken again.';

CREATE TABLE recovery_codes (
    staff_id int NOT NULL REFERENCES second_factors ON DELETE CASCADE,
    code_hash text NOT NULL,
    PRIMARY KEY (staff_id, code_hash)
);

-- Counted by all processes of the API together. A crash of the server empties it, which only begins the windows anew.
CREATE UNLOGGED TABLE login_attempts (
    who text PRIMARY KEY,
    attempts int NOT NULL CHECK (attempts > 0),
    ends_at timestamptz NOT NULL
);
COMMENT ON COLUMN login_attempts.who IS 'Keyed hash of an address or of an account''s e-mail.';
CREATE INDEX login_attempts_by_end ON login_attempts (ends_at);

ALTER TABLE bookings
    ADD COLUMN hold_email text,
    ADD COLUMN hold_address text,
    ADD COLUMN hold_device text;
COMMENT ON COLUMN bookings.hold_email IS 'Keyed hash of the e-mail that asked, for the bound on unpaid holds. Null: not the public.';
COMMENT ON COLUMN bookings.hold_address IS 'Keyed hash of the address that asked.';
COMMENT ON COLUMN bookings.hold_device IS 'Keyed hash of the browser or app that asked.';
CREATE INDEX bookings_holds_by_email ON bookings (hotel_id, hold_email, hold_expires_at) WHERE status = 'held';
CREATE INDEX bookings_holds_by_address ON bookings (hotel_id, hold_address, hold_expires_at) WHERE status = 'held';
CREATE INDEX bookings_holds_by_device ON bookings (hotel_id, hold_device, hold_expires_at) WHERE status = 'held';

-- holdfast_ops reads none of the new tables: they are people's logins.
GRANT UPDATE ON sessions TO holdfast_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON second_factors, login_attempts TO holdfast_app;
GRANT SELECT, INSERT, DELETE ON recovery_codes TO holdfast_app;
