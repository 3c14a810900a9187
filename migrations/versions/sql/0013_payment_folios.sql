-- Append-only: a payment counts on the folio of its last turn, and on folio 1 where it has none.
CREATE TABLE payment_folios (
    hotel_id int NOT NULL,
    reference text NOT NULL,
    payment int NOT NULL,
    turn int NOT NULL CHECK (turn > 0),
    folio int NOT NULL,
    business_date date NOT NULL,
    put_at timestamptz NOT NULL,
    seq int,
    actor_kind text NOT NULL CHECK (actor_kind IN ('guest', 'staff', 'system', 'operator', 'channel')),
    actor_role text NOT NULL DEFAULT '',
    staff_id int,
    reason text NOT NULL DEFAULT '',
    PRIMARY KEY (hotel_id, reference, payment, turn),
    FOREIGN KEY (hotel_id, reference, payment) REFERENCES payments (hotel_id, reference, number),
    FOREIGN KEY (hotel_id, reference, folio) REFERENCES folios
);
COMMENT ON COLUMN payment_folios.turn IS 'From 1 within the payment; the last one tells where it counts.';
COMMENT ON COLUMN payment_folios.seq IS 'The step of the booking that took the money; null where the office moved it.';

GRANT SELECT ON payment_folios TO holdfast_app, holdfast_ops;
GRANT INSERT ON payment_folios TO holdfast_app;
