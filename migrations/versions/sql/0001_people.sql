-- Staff identity belongs to no hotel; what a person may do, and where, does.
CREATE TABLE staff (
    staff_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE CHECK (email = lower(email)),
    name text NOT NULL,
    password_hash text NOT NULL,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL
);

CREATE TABLE staff_roles (
    hotel_id int NOT NULL REFERENCES hotels,
    staff_id int NOT NULL REFERENCES staff,
    role text NOT NULL CHECK (role IN ('frontdesk', 'manager', 'admin')),
    PRIMARY KEY (hotel_id, staff_id)
);
CREATE INDEX staff_roles_by_person ON staff_roles (staff_id);

-- Sessions are opaque: only a hash of the token is kept, and a deleted row is a revoked session at once.
CREATE TABLE sessions (
    token_hash text PRIMARY KEY,
    staff_id int NOT NULL REFERENCES staff,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_by_person ON sessions (staff_id);
