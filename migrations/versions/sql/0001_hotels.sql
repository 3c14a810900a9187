CREATE EXTENSION IF NOT EXISTS btree_gist;

-- The public part of a hotel: readable without choosing a hotel first.
CREATE TABLE hotels (
    hotel_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9-]{1,40}$'),
    code text NOT NULL UNIQUE CHECK (code ~ '^[A-Z]{3}$'),
    name text NOT NULL,
    city text NOT NULL,
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    address text NOT NULL,
    phone text NOT NULL,
    email text NOT NULL,
    description text NOT NULL,
    zone text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    photos jsonb NOT NULL DEFAULT '[]',
    active boolean NOT NULL DEFAULT true,
    not_on_sale_reason text,
    policy_version int NOT NULL
);
COMMENT ON COLUMN hotels.not_on_sale_reason IS 'A sentence for guests; null when the hotel sells.';
COMMENT ON COLUMN hotels.policy_version IS 'The version of policy_versions that new bookings live under.';

-- Immutable: a change of policy is a new version, so that a booking keeps the terms it was made under.
CREATE TABLE policy_versions (
    hotel_id int NOT NULL REFERENCES hotels,
    version int NOT NULL CHECK (version > 0),
    terms jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    PRIMARY KEY (hotel_id, version)
);
COMMENT ON COLUMN policy_versions.terms IS 'domain.terms.HotelTerms as JSON.';

CREATE TABLE stay_policies (
    hotel_id int NOT NULL REFERENCES hotels,
    stay_policy_id int NOT NULL,
    code text NOT NULL,
    terms jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (hotel_id, stay_policy_id)
);
COMMENT ON COLUMN stay_policies.terms IS 'domain.terms.StayTerms as JSON; the row is immutable.';

CREATE TABLE room_types (
    hotel_id int NOT NULL REFERENCES hotels,
    room_type_id int NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    base_guests int NOT NULL CHECK (base_guests > 0),
    max_guests int NOT NULL CHECK (max_guests >= base_guests),
    max_adults int NOT NULL CHECK (max_adults > 0),
    max_children int NOT NULL CHECK (max_children >= 0),
    infants_to_age int NOT NULL DEFAULT 1 CHECK (infants_to_age BETWEEN -1 AND 17),
    photos jsonb NOT NULL DEFAULT '[]',
    position int NOT NULL DEFAULT 0,
    active boolean NOT NULL DEFAULT true,
    PRIMARY KEY (hotel_id, room_type_id),
    UNIQUE (hotel_id, code)
);

CREATE TABLE rooms (
    hotel_id int NOT NULL REFERENCES hotels,
    room_id int NOT NULL,
    room_type_id int NOT NULL,
    number text NOT NULL,
    floor text NOT NULL DEFAULT '',
    housekeeping text NOT NULL DEFAULT 'clean' CHECK (housekeeping IN ('clean', 'dirty', 'inspected')),
    out_of_service boolean NOT NULL DEFAULT false,
    active boolean NOT NULL DEFAULT true,
    PRIMARY KEY (hotel_id, room_id),
    UNIQUE (hotel_id, number),
    FOREIGN KEY (hotel_id, room_type_id) REFERENCES room_types
);

CREATE TABLE rate_plans (
    hotel_id int NOT NULL REFERENCES hotels,
    rate_plan_id int NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    meal_plan text NOT NULL CHECK (meal_plan IN ('room_only', 'breakfast', 'half_board', 'full_board', 'all_inclusive')),
    child_bands jsonb NOT NULL DEFAULT '[]',
    parent_plan_id int,
    derived_amount_minor int NOT NULL DEFAULT 0,
    derived_percent numeric(7, 3) NOT NULL DEFAULT 0,
    own_restrictions boolean NOT NULL DEFAULT false,
    stay_policy_id int NOT NULL,
    position int NOT NULL DEFAULT 0,
    active boolean NOT NULL DEFAULT true,
    PRIMARY KEY (hotel_id, rate_plan_id),
    UNIQUE (hotel_id, code),
    FOREIGN KEY (hotel_id, parent_plan_id) REFERENCES rate_plans (hotel_id, rate_plan_id),
    FOREIGN KEY (hotel_id, stay_policy_id) REFERENCES stay_policies,
    CHECK (parent_plan_id IS DISTINCT FROM rate_plan_id)
);
COMMENT ON COLUMN rate_plans.derived_percent IS 'Added to the parent''s price, so -10 is ten percent less.';

CREATE TABLE rate_plan_room_types (
    hotel_id int NOT NULL REFERENCES hotels,
    rate_plan_id int NOT NULL,
    room_type_id int NOT NULL,
    PRIMARY KEY (hotel_id, rate_plan_id, room_type_id),
    FOREIGN KEY (hotel_id, rate_plan_id) REFERENCES rate_plans,
    FOREIGN KEY (hotel_id, room_type_id) REFERENCES room_types
);

-- A derived plan has no price rows of its own unless it has restrictions of its own.
CREATE TABLE nightly_rates (
    hotel_id int NOT NULL REFERENCES hotels,
    rate_plan_id int NOT NULL,
    room_type_id int NOT NULL,
    night date NOT NULL,
    price_minor bigint NOT NULL CHECK (price_minor >= 0),
    extra_adult_minor bigint NOT NULL DEFAULT 0 CHECK (extra_adult_minor >= 0),
    single_discount_minor bigint NOT NULL DEFAULT 0 CHECK (single_discount_minor >= 0),
    stop_sell boolean NOT NULL DEFAULT false,
    closed_to_arrival boolean NOT NULL DEFAULT false,
    closed_to_departure boolean NOT NULL DEFAULT false,
    min_stay_arrival int CHECK (min_stay_arrival > 0),
    min_stay_through int CHECK (min_stay_through > 0),
    max_stay_arrival int CHECK (max_stay_arrival > 0),
    min_advance_days int CHECK (min_advance_days >= 0),
    max_advance_days int CHECK (max_advance_days >= 0),
    PRIMARY KEY (hotel_id, rate_plan_id, room_type_id, night),
    FOREIGN KEY (hotel_id, rate_plan_id, room_type_id) REFERENCES rate_plan_room_types
);

CREATE TABLE tax_rules (
    hotel_id int NOT NULL REFERENCES hotels,
    tax_rule_id int NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('percent', 'slab', 'room_night', 'person_night')),
    included boolean NOT NULL,
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to > valid_from),
    percent numeric(7, 3),
    slabs jsonb NOT NULL DEFAULT '[]',
    amount_minor bigint NOT NULL DEFAULT 0 CHECK (amount_minor >= 0),
    min_age int NOT NULL DEFAULT 0,
    max_nights int CHECK (max_nights > 0),
    collected_by text NOT NULL DEFAULT 'hotel' CHECK (collected_by IN ('hotel', 'channel')),
    PRIMARY KEY (hotel_id, tax_rule_id)
);
COMMENT ON TABLE tax_rules IS 'Immutable versions: a new rate is a new row and an end date on the old one.';

-- Availability is a fact of the database: one row a hotel, room type and night.
CREATE TABLE room_type_nights (
    hotel_id int NOT NULL REFERENCES hotels,
    room_type_id int NOT NULL,
    night date NOT NULL,
    physical int NOT NULL CHECK (physical >= 0),
    out_of_order int NOT NULL DEFAULT 0 CHECK (out_of_order >= 0),
    blocked int NOT NULL DEFAULT 0 CHECK (blocked >= 0),
    held int NOT NULL DEFAULT 0 CHECK (held >= 0),
    sold int NOT NULL DEFAULT 0 CHECK (sold >= 0),
    oversold int NOT NULL DEFAULT 0 CHECK (oversold >= 0),
    overbooking_limit int NOT NULL DEFAULT 0,
    PRIMARY KEY (hotel_id, room_type_id, night),
    FOREIGN KEY (hotel_id, room_type_id) REFERENCES room_types,
    CONSTRAINT never_more_than_there_is CHECK (
        held + sold - oversold <= physical - out_of_order - blocked + overbooking_limit
    )
) WITH (fillfactor = 70);
