-- A hotel's channels, and what it says about a plain source; a plain source without a row is in use and owes no share.
CREATE TABLE sources (
    hotel_id int NOT NULL REFERENCES hotels,
    source text NOT NULL CHECK (source ~ '^(web_direct|walk_in|phone|corporate|waitlist|other|channel:[a-z0-9][a-z0-9-]{0,39})$'),
    name text NOT NULL CHECK (name <> ''),
    commission_percent numeric(5, 2) CHECK (commission_percent BETWEEN 0 AND 100),
    commission_base text NOT NULL DEFAULT 'net_room' CHECK (commission_base = 'net_room'),
    active boolean NOT NULL DEFAULT true,
    PRIMARY KEY (hotel_id, source)
);
COMMENT ON COLUMN sources.commission_percent IS 'Copied to a booking when it is made; null where no share is owed.';
COMMENT ON COLUMN sources.commission_base IS 'net_room: the price of the nights sold without taxes inside it.';

GRANT SELECT ON sources TO holdfast_app, holdfast_ops;
