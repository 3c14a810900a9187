ALTER TABLE hotels ADD COLUMN language text NOT NULL DEFAULT 'en' CHECK (language IN ('en', 'pt'));
COMMENT ON COLUMN hotels.language IS 'What letters to the hotel''s own people are written in.';
ALTER TABLE bookings ADD COLUMN language text NOT NULL DEFAULT 'en' CHECK (language IN ('en', 'pt'));
COMMENT ON COLUMN bookings.language IS 'What letters to the guest are written in.';

ALTER TABLE notices
    ADD COLUMN to_email text,
    ADD COLUMN data jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN delivery text NOT NULL DEFAULT '' CHECK (delivery IN ('', 'delivered', 'bounced', 'complained')),
    ADD COLUMN delivered_at timestamptz,
    ADD COLUMN opened_at timestamptz,
    ADD COLUMN bounce_reason text NOT NULL DEFAULT '';
COMMENT ON COLUMN notices.to_email IS 'Where this one goes in place of the reader''s address.';
COMMENT ON COLUMN notices.data IS 'What the letter needs beside the booking: see domain.notices.Notice.';
COMMENT ON COLUMN notices.delivery IS 'What the provider told of it after it was sent; empty while nothing.';

-- What the provider told about letters, each once: a repeated webhook finds its row here and changes nothing.
CREATE TABLE notice_events (
    hotel_id int NOT NULL,
    provider_id text NOT NULL,
    what text NOT NULL,
    notice_id bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (hotel_id, provider_id, what),
    FOREIGN KEY (hotel_id, notice_id) REFERENCES notices
);
CREATE INDEX notice_events_by_notice ON notice_events (hotel_id, notice_id);

-- A missing row means on.
CREATE TABLE notice_settings (
    hotel_id int NOT NULL REFERENCES hotels,
    kind text NOT NULL,
    enabled boolean NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by int,
    PRIMARY KEY (hotel_id, kind)
);
COMMENT ON COLUMN notice_settings.changed_by IS 'The staff_id of who switched it last.';

-- What a person has to look at, apart from what a booking's own workflow says needs attention.
CREATE TABLE attention_items (
    hotel_id int NOT NULL,
    item_id bigint GENERATED ALWAYS AS IDENTITY,
    reference text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('undeliverable', 'bounced', 'complained')),
    notice_id bigint NOT NULL,
    detail text NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    closed_by int,
    closed_reason text NOT NULL DEFAULT '',
    PRIMARY KEY (hotel_id, item_id),
    FOREIGN KEY (hotel_id, reference) REFERENCES bookings,
    FOREIGN KEY (hotel_id, notice_id) REFERENCES notices
);
COMMENT ON COLUMN attention_items.closed_by IS 'The staff_id of who closed it.';
CREATE UNIQUE INDEX attention_items_open ON attention_items (hotel_id, notice_id, kind) WHERE closed_at IS NULL;
CREATE INDEX attention_items_by_booking ON attention_items (hotel_id, reference);

GRANT SELECT ON notice_events, notice_settings, attention_items TO holdfast_ops;
GRANT SELECT, INSERT ON notice_events TO holdfast_app;
GRANT SELECT, INSERT, UPDATE ON notice_settings, attention_items TO holdfast_app;
