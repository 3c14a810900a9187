CREATE TABLE guests (
    hotel_id int NOT NULL REFERENCES hotels,
    guest_id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    email text,
    phone text,
    country text CHECK (country ~ '^[A-Z]{2}$'),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (hotel_id, guest_id)
);
CREATE INDEX guests_by_email ON guests (hotel_id, email);

-- What readers see of a booking; written only in the transactions of its workflow.
CREATE TABLE bookings (
    hotel_id int NOT NULL REFERENCES hotels,
    reference text NOT NULL CHECK (reference ~ '^[A-Z]{3}-[0-9]{8}-[0-9A-Z]{6,8}$'),
    status text NOT NULL CHECK (status IN ('held', 'pending', 'confirmed', 'checked_in', 'checked_out', 'completed',
        'cancelled', 'no_show', 'rejected', 'expired', 'failed')),
    payment_status text NOT NULL CHECK (payment_status IN ('none', 'due', 'authorised', 'part_paid', 'paid',
        'part_refunded', 'refunded', 'failed')),
    version int NOT NULL CHECK (version > 0),
    seq int NOT NULL CHECK (seq > 0),
    state jsonb NOT NULL,
    agenda jsonb NOT NULL DEFAULT '[]',
    waiting_for text NOT NULL DEFAULT '',
    next_at timestamptz,
    hold_expires_at timestamptz,
    approval_deadline timestamptz,
    arrival date NOT NULL,
    departure date NOT NULL CHECK (departure > arrival),
    source text NOT NULL,
    guest_id bigint NOT NULL,
    special_requests text NOT NULL DEFAULT '',
    currency text NOT NULL,
    total_minor bigint NOT NULL,
    paid_minor bigint NOT NULL DEFAULT 0,
    balance_minor bigint NOT NULL,
    policy_version int NOT NULL,
    create_key text NOT NULL,
    create_body_hash text NOT NULL,
    token_generation int NOT NULL DEFAULT 1,
    needs_attention boolean NOT NULL DEFAULT false,
    attention text NOT NULL DEFAULT '',
    cancellation_reason text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    last_instant timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (hotel_id, reference),
    UNIQUE (hotel_id, create_key),
    FOREIGN KEY (hotel_id, guest_id) REFERENCES guests,
    FOREIGN KEY (hotel_id, policy_version) REFERENCES policy_versions
) WITH (fillfactor = 80);
COMMENT ON COLUMN bookings.state IS 'domain.booking.Booking as JSON, ids only: what a new run of the workflow resumes from.';
COMMENT ON COLUMN bookings.next_at IS 'The first clock of the agenda; null when nothing is awaited.';
COMMENT ON COLUMN bookings.last_instant IS 'The workflow''s clock at its last write; a resumed run never starts before it.';
CREATE INDEX bookings_by_status ON bookings (hotel_id, status, arrival);
CREATE INDEX bookings_by_arrival ON bookings (hotel_id, arrival, reference);
CREATE INDEX bookings_by_departure ON bookings (hotel_id, departure, reference);
CREATE INDEX bookings_by_creation ON bookings (hotel_id, created_at, reference);
CREATE INDEX bookings_by_guest ON bookings (hotel_id, guest_id);

CREATE TABLE stays (
    hotel_id int NOT NULL,
    reference text NOT NULL,
    stay int NOT NULL CHECK (stay BETWEEN 1 AND 99),
    status text NOT NULL CHECK (status IN ('held', 'pending', 'confirmed', 'checked_in', 'checked_out', 'cancelled',
        'no_show', 'rejected', 'expired', 'failed')),
    arrival date NOT NULL,
    departure date NOT NULL CHECK (departure > arrival),
    room_type_id int NOT NULL,
    inventory_type_id int NOT NULL,
    rate_plan_id int NOT NULL,
    stay_policy_id int NOT NULL,
    adults int NOT NULL CHECK (adults > 0),
    children_ages int[] NOT NULL DEFAULT '{}',
    total_minor bigint NOT NULL,
    room_id int,
    checked_in_at timestamptz,
    checked_out_at timestamptz,
    PRIMARY KEY (hotel_id, reference, stay),
    FOREIGN KEY (hotel_id, reference) REFERENCES bookings,
    FOREIGN KEY (hotel_id, room_type_id) REFERENCES room_types,
    FOREIGN KEY (hotel_id, inventory_type_id) REFERENCES room_types (hotel_id, room_type_id),
    FOREIGN KEY (hotel_id, rate_plan_id) REFERENCES rate_plans,
    FOREIGN KEY (hotel_id, stay_policy_id) REFERENCES stay_policies,
    FOREIGN KEY (hotel_id, room_id) REFERENCES rooms
);
COMMENT ON COLUMN stays.room_type_id IS 'The type that was booked and priced.';
COMMENT ON COLUMN stays.inventory_type_id IS 'The type whose nights it takes; differs after a move to another type.';
CREATE INDEX stays_by_arrival ON stays (hotel_id, arrival);
CREATE INDEX stays_by_departure ON stays (hotel_id, departure);

CREATE TABLE stay_guests (
    hotel_id int NOT NULL,
    reference text NOT NULL,
    stay int NOT NULL,
    position int NOT NULL CHECK (position > 0),
    name text NOT NULL,
    age int CHECK (age BETWEEN 0 AND 130),
    PRIMARY KEY (hotel_id, reference, stay, position),
    FOREIGN KEY (hotel_id, reference, stay) REFERENCES stays
);
COMMENT ON COLUMN stay_guests.position IS '1 is the stay''s primary guest.';

-- A physical room can't be given twice for one night: the exclusion constraint is the law behind every assignment.
CREATE TABLE room_segments (
    hotel_id int NOT NULL,
    segment_id bigint GENERATED ALWAYS AS IDENTITY,
    reference text NOT NULL,
    stay int NOT NULL,
    room_id int NOT NULL,
    arrival date NOT NULL,
    departure date NOT NULL CHECK (departure > arrival),
    PRIMARY KEY (hotel_id, segment_id),
    FOREIGN KEY (hotel_id, reference, stay) REFERENCES stays,
    FOREIGN KEY (hotel_id, room_id) REFERENCES rooms,
    CONSTRAINT one_guest_per_room EXCLUDE USING gist (
        hotel_id WITH =, room_id WITH =, daterange(arrival, departure) WITH &&
    )
);
CREATE INDEX room_segments_by_stay ON room_segments (hotel_id, reference, stay);
CREATE INDEX room_segments_by_room ON room_segments (hotel_id, room_id, arrival);

CREATE TABLE nightly_lines (
    hotel_id int NOT NULL,
    reference text NOT NULL,
    stay int NOT NULL,
    line int NOT NULL CHECK (line > 0),
    night date NOT NULL,
    kind text NOT NULL CHECK (kind IN ('room', 'tax')),
    code text NOT NULL,
    name text NOT NULL,
    amount_minor bigint NOT NULL,
    included boolean NOT NULL DEFAULT false,
    tax_rule_id int,
    PRIMARY KEY (hotel_id, reference, stay, line),
    FOREIGN KEY (hotel_id, reference, stay) REFERENCES stays,
    FOREIGN KEY (hotel_id, tax_rule_id) REFERENCES tax_rules,
    CHECK ((kind = 'tax') = (tax_rule_id IS NOT NULL))
);
COMMENT ON COLUMN nightly_lines.included IS 'Already inside the room''s price: shown, never added again.';

CREATE TABLE payments (
    hotel_id int NOT NULL,
    reference text NOT NULL,
    number int NOT NULL CHECK (number > 0),
    method text NOT NULL CHECK (method IN ('cash', 'card_terminal', 'upi', 'transfer')),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL,
    external_reference text NOT NULL DEFAULT '',
    received_at timestamptz NOT NULL,
    business_date date NOT NULL,
    staff_id int,
    PRIMARY KEY (hotel_id, reference, number),
    FOREIGN KEY (hotel_id, reference) REFERENCES bookings
);
CREATE INDEX payments_by_day ON payments (hotel_id, business_date);

-- Append-only: who did what, what was awaited then, until when, and who had set that clock.
CREATE TABLE booking_events (
    hotel_id int NOT NULL,
    reference text NOT NULL,
    seq int NOT NULL CHECK (seq > 0),
    step_id text NOT NULL,
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    actor_kind text NOT NULL CHECK (actor_kind IN ('guest', 'staff', 'system', 'operator', 'channel')),
    actor_role text NOT NULL DEFAULT '',
    staff_id int,
    channel text NOT NULL,
    what text NOT NULL,
    reason text NOT NULL DEFAULT '',
    status_before text,
    status_after text NOT NULL,
    awaited jsonb,
    policy_version int NOT NULL,
    difference jsonb NOT NULL DEFAULT '{}',
    outcome jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (hotel_id, reference, seq),
    FOREIGN KEY (hotel_id, reference) REFERENCES bookings
);

CREATE TABLE command_keys (
    hotel_id int NOT NULL,
    reference text NOT NULL,
    key text NOT NULL,
    body_hash text NOT NULL,
    seq int NOT NULL,
    PRIMARY KEY (hotel_id, reference, key),
    FOREIGN KEY (hotel_id, reference) REFERENCES bookings
);

-- The outbox: written with the booking, sent later by the hotel's notices workflow.
CREATE TABLE notices (
    hotel_id int NOT NULL,
    notice_id bigint GENERATED ALWAYS AS IDENTITY,
    reference text NOT NULL,
    seq int NOT NULL,
    kind text NOT NULL,
    audience text NOT NULL CHECK (audience IN ('guest', 'staff')),
    stay int,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'sent', 'dropped', 'undeliverable')),
    state_reason text NOT NULL DEFAULT '',
    due_at timestamptz NOT NULL,
    useful_until timestamptz,
    attempts int NOT NULL DEFAULT 0,
    claimed_at timestamptz,
    sent_at timestamptz,
    provider_id text,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (hotel_id, notice_id),
    FOREIGN KEY (hotel_id, reference) REFERENCES bookings
);
CREATE INDEX notices_open ON notices (hotel_id, notice_id) WHERE state IN ('waiting', 'sending');
CREATE INDEX notices_by_booking ON notices (hotel_id, reference);
