-- Who comes again. A row of guests stays the contact snapshot of one booking; many of them are one profile.
CREATE TABLE guest_profiles (
    hotel_id int NOT NULL REFERENCES hotels,
    profile_id bigint GENERATED ALWAYS AS IDENTITY,
    email_key text,
    phone_e164 text,
    last_name_key text NOT NULL DEFAULT '',
    name text NOT NULL,
    email text,
    phone text,
    country text CHECK (country ~ '^[A-Z]{2}$'),
    first_seen_at timestamptz NOT NULL,
    merged_into bigint,
    match_key text GENERATED ALWAYS AS (
        CASE
            WHEN merged_into IS NOT NULL THEN NULL
            WHEN email_key IS NOT NULL THEN 'e ' || email_key
            WHEN phone_e164 IS NOT NULL AND last_name_key <> '' THEN 'p ' || phone_e164 || ' ' || last_name_key
        END
    ) STORED,
    PRIMARY KEY (hotel_id, profile_id),
    FOREIGN KEY (hotel_id, merged_into) REFERENCES guest_profiles
);
COMMENT ON COLUMN guest_profiles.email_key IS 'domain.guests.email_key of the address.';
COMMENT ON COLUMN guest_profiles.merged_into IS 'The profile that stands for this one now; nobody matches this one any more.';
COMMENT ON COLUMN guest_profiles.match_key IS 'By which two openings at once can make one profile only: e-mail, else phone and last name.';
CREATE UNIQUE INDEX guest_profiles_once ON guest_profiles (hotel_id, match_key);
CREATE INDEX guest_profiles_by_phone ON guest_profiles (hotel_id, phone_e164, last_name_key)
    WHERE phone_e164 IS NOT NULL AND merged_into IS NULL;
CREATE INDEX guest_profiles_by_name ON guest_profiles (hotel_id, last_name_key, profile_id);

ALTER TABLE guests
    ADD COLUMN profile_id bigint,
    ADD COLUMN phone_e164 text,
    ADD FOREIGN KEY (hotel_id, profile_id) REFERENCES guest_profiles;
COMMENT ON COLUMN guests.profile_id IS 'Null where the release before made the booking.';
CREATE INDEX guests_by_profile ON guests (hotel_id, profile_id);
CREATE INDEX guests_by_phone ON guests (hotel_id, phone_e164) WHERE phone_e164 IS NOT NULL;

-- What was changed of a booking's people and their words: by whom, when, from what to what.
CREATE TABLE guest_changes (
    hotel_id int NOT NULL,
    change_id bigint GENERATED ALWAYS AS IDENTITY,
    reference text NOT NULL,
    field text NOT NULL CHECK (field IN ('name', 'email', 'phone', 'country', 'language', 'special_requests',
        'stay_guests', 'guest_link')),
    stay int,
    old_value text NOT NULL DEFAULT '',
    new_value text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'done' CHECK (state IN ('done', 'pending', 'replaced')),
    changed_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    actor_kind text NOT NULL CHECK (actor_kind IN ('guest', 'staff')),
    actor_role text NOT NULL DEFAULT '',
    staff_id int,
    reason text NOT NULL DEFAULT '',
    PRIMARY KEY (hotel_id, change_id),
    FOREIGN KEY (hotel_id, reference) REFERENCES bookings
);
COMMENT ON COLUMN guest_changes.state IS 'An address that a guest gives is pending until it is confirmed, or replaced by a later one.';
CREATE INDEX guest_changes_by_booking ON guest_changes (hotel_id, reference, change_id);

CREATE TABLE booking_notes (
    hotel_id int NOT NULL,
    note_id bigint GENERATED ALWAYS AS IDENTITY,
    reference text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('internal', 'guest')),
    about text NOT NULL CHECK (about IN ('booking', 'guest')),
    profile_id bigint,
    version int NOT NULL DEFAULT 1 CHECK (version > 0),
    deleted boolean NOT NULL DEFAULT false,
    PRIMARY KEY (hotel_id, note_id),
    FOREIGN KEY (hotel_id, reference) REFERENCES bookings,
    FOREIGN KEY (hotel_id, profile_id) REFERENCES guest_profiles
);
COMMENT ON COLUMN booking_notes.kind IS 'Guests are shown notes of the kind guest only.';
COMMENT ON COLUMN booking_notes.profile_id IS 'Whom a note about a guest follows to every booking.';
CREATE INDEX booking_notes_by_booking ON booking_notes (hotel_id, reference, note_id);
CREATE INDEX booking_notes_by_profile ON booking_notes (hotel_id, profile_id) WHERE profile_id IS NOT NULL;

-- Append-only: every text that a note had, and its deletion, with who and when.
CREATE TABLE note_versions (
    hotel_id int NOT NULL,
    note_id bigint NOT NULL,
    version int NOT NULL CHECK (version > 0),
    what text NOT NULL CHECK (what IN ('written', 'edited', 'deleted')),
    text text NOT NULL,
    written_at timestamptz NOT NULL,
    actor_role text NOT NULL,
    staff_id int NOT NULL,
    PRIMARY KEY (hotel_id, note_id, version),
    FOREIGN KEY (hotel_id, note_id) REFERENCES booking_notes
);

CREATE TABLE booking_files (
    hotel_id int NOT NULL,
    file_id bigint GENERATED ALWAYS AS IDENTITY,
    reference text NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL CHECK (media_type IN ('application/pdf', 'image/png', 'image/jpeg', 'image/heic')),
    size_bytes int NOT NULL CHECK (size_bytes BETWEEN 1 AND 10485760),
    sha256 text NOT NULL,
    content bytea,
    added_at timestamptz NOT NULL,
    added_by int NOT NULL,
    added_role text NOT NULL,
    deleted_at timestamptz,
    deleted_by int,
    deleted_role text NOT NULL DEFAULT '',
    deletion_reason text NOT NULL DEFAULT '',
    PRIMARY KEY (hotel_id, file_id),
    FOREIGN KEY (hotel_id, reference) REFERENCES bookings,
    CHECK ((content IS NULL) = (deleted_at IS NOT NULL))
);
COMMENT ON COLUMN booking_files.content IS 'Null once it was deleted; the row stays.';
-- What people hand in is compressed already.
ALTER TABLE booking_files ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX booking_files_by_booking ON booking_files (hotel_id, reference, file_id);

-- Idempotency keys of what the office writes about a booking; those of the story are in command_keys.
CREATE TABLE office_keys (
    hotel_id int NOT NULL,
    reference text NOT NULL,
    key text NOT NULL,
    body_hash text NOT NULL,
    made bigint NOT NULL,
    PRIMARY KEY (hotel_id, reference, key),
    FOREIGN KEY (hotel_id, reference) REFERENCES bookings
);
COMMENT ON COLUMN office_keys.made IS 'The number of what was made under the key.';

GRANT SELECT, INSERT, UPDATE ON guest_profiles TO holdfast_app;
GRANT SELECT, INSERT, UPDATE (state, confirmed_at) ON guest_changes TO holdfast_app;
GRANT SELECT, INSERT, UPDATE (version, deleted) ON booking_notes TO holdfast_app;
GRANT SELECT, INSERT ON note_versions, office_keys TO holdfast_app;
GRANT SELECT, INSERT, UPDATE (content, deleted_at, deleted_by, deleted_role, deletion_reason) ON booking_files
    TO holdfast_app;
GRANT DELETE ON stay_guests TO holdfast_app;
-- Operations count and repair bookings; the words and papers of guests are not theirs to read.
GRANT SELECT ON office_keys TO holdfast_ops;
