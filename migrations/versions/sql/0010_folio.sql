ALTER TABLE hotels
    ADD COLUMN legal_name text NOT NULL DEFAULT '',
    ADD COLUMN tax_number text NOT NULL DEFAULT '';
COMMENT ON COLUMN hotels.legal_name IS 'Who issues invoices; empty where that is the name.';

ALTER TABLE sources
    ADD COLUMN address text NOT NULL DEFAULT '',
    ADD COLUMN tax_number text NOT NULL DEFAULT '';
COMMENT ON COLUMN sources.address IS 'Of a company that is billed.';

-- Taxes of extras and fees, inside their price; a new rate is a new row and an end date on the old one.
CREATE TABLE tax_codes (
    hotel_id int NOT NULL REFERENCES hotels,
    code text NOT NULL CHECK (code ~ '^[A-Z0-9][A-Z0-9_-]{0,19}$'),
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to >= valid_from),
    name text NOT NULL CHECK (name <> ''),
    percent numeric(7, 3) NOT NULL CHECK (percent >= 0),
    PRIMARY KEY (hotel_id, code, valid_from),
    CONSTRAINT one_rate_a_day EXCLUDE USING gist (
        hotel_id WITH =, code WITH =, daterange(valid_from, valid_to, '[]') WITH &&
    )
);

CREATE TABLE folios (
    hotel_id int NOT NULL,
    reference text NOT NULL,
    folio int NOT NULL CHECK (folio BETWEEN 1 AND 20),
    kind text NOT NULL CHECK (kind IN ('guest', 'company')),
    bill_to_name text NOT NULL DEFAULT '',
    bill_to_address text NOT NULL DEFAULT '',
    bill_to_tax_number text NOT NULL DEFAULT '',
    routes text[] NOT NULL DEFAULT '{}' CHECK (routes <@ ARRAY['room', 'tax', 'extra', 'fee']),
    opened_at timestamptz NOT NULL,
    PRIMARY KEY (hotel_id, reference, folio),
    FOREIGN KEY (hotel_id, reference) REFERENCES bookings
);
COMMENT ON COLUMN folios.bill_to_name IS 'Empty: the booking''s guest.';
COMMENT ON COLUMN folios.routes IS 'Kinds of charges that go here; what no folio asks for goes to folio 1.';

-- Append-only. A line that is taken back has a later one that reverses it; nothing is taken back twice.
CREATE TABLE folio_lines (
    hotel_id int NOT NULL,
    reference text NOT NULL,
    number int NOT NULL CHECK (number > 0),
    folio int NOT NULL,
    kind text NOT NULL CHECK (kind IN ('room', 'tax', 'extra', 'fee', 'adjustment', 'transfer')),
    code text NOT NULL,
    name text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    tax_code text NOT NULL DEFAULT '',
    tax_percent numeric(7, 3),
    base_minor bigint NOT NULL DEFAULT 0,
    quantity int NOT NULL DEFAULT 1 CHECK (quantity > 0),
    stay int,
    night date,
    line int NOT NULL CHECK (line >= 0),
    revision int NOT NULL CHECK (revision > 0),
    reverses int,
    transfer int,
    business_date date NOT NULL,
    posted_at timestamptz NOT NULL,
    seq int,
    actor_kind text NOT NULL CHECK (actor_kind IN ('guest', 'staff', 'system', 'operator', 'channel')),
    actor_role text NOT NULL DEFAULT '',
    staff_id int,
    reason text NOT NULL DEFAULT '',
    PRIMARY KEY (hotel_id, reference, number),
    UNIQUE NULLS NOT DISTINCT (hotel_id, reference, stay, night, line, revision),
    UNIQUE (hotel_id, reference, reverses),
    FOREIGN KEY (hotel_id, reference, folio) REFERENCES folios,
    FOREIGN KEY (hotel_id, reference, stay) REFERENCES stays,
    FOREIGN KEY (hotel_id, reference, reverses) REFERENCES folio_lines (hotel_id, reference, number),
    CHECK (net_minor + tax_minor = amount_minor),
    CHECK ((revision % 2 = 0) = (reverses IS NOT NULL)),
    CHECK (kind = 'transfer' OR transfer IS NULL)
);
COMMENT ON COLUMN folio_lines.amount_minor IS 'Gross and signed: above zero the guest owes it.';
COMMENT ON COLUMN folio_lines.base_minor IS 'The net that the percent of the tax was reckoned on.';
COMMENT ON COLUMN folio_lines.revision IS 'Odd: charged; even: the revision before it taken back.';
COMMENT ON COLUMN folio_lines.seq IS 'The step of the booking that wrote it; null for office work and the night''s posting.';
CREATE INDEX folio_lines_by_day ON folio_lines (hotel_id, business_date);

CREATE TABLE cash_drawers (
    hotel_id int NOT NULL REFERENCES hotels,
    drawer int NOT NULL CHECK (drawer > 0),
    staff_id int NOT NULL,
    currency text NOT NULL,
    float_minor bigint NOT NULL CHECK (float_minor >= 0),
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    counted_minor bigint CHECK (counted_minor >= 0),
    difference_minor bigint,
    note text NOT NULL DEFAULT '',
    PRIMARY KEY (hotel_id, drawer),
    CHECK ((closed_at IS NULL) = (counted_minor IS NULL) AND (closed_at IS NULL) = (difference_minor IS NULL))
);
COMMENT ON COLUMN cash_drawers.difference_minor IS 'Counted less expected: below zero money is missing.';
CREATE UNIQUE INDEX one_open_drawer_a_person ON cash_drawers (hotel_id, staff_id) WHERE closed_at IS NULL;

CREATE TABLE cash_movements (
    hotel_id int NOT NULL,
    drawer int NOT NULL,
    number int NOT NULL CHECK (number > 0),
    kind text NOT NULL CHECK (kind IN ('payment', 'in', 'out')),
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    reference text,
    payment int,
    key text,
    body_hash text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (hotel_id, drawer, number),
    UNIQUE (hotel_id, reference, payment),
    UNIQUE (hotel_id, drawer, key),
    FOREIGN KEY (hotel_id, drawer) REFERENCES cash_drawers,
    FOREIGN KEY (hotel_id, reference, payment) REFERENCES payments (hotel_id, reference, number),
    CHECK ((kind = 'payment') = (payment IS NOT NULL)),
    CHECK ((kind = 'out') = (amount_minor < 0)),
    CHECK (kind = 'payment' OR reason <> '')
);

-- The row that makes numbers gap-free: whoever issues holds it until the commit.
CREATE TABLE invoice_series (
    hotel_id int NOT NULL REFERENCES hotels,
    series text NOT NULL CHECK (series ~ '^(INV|CN|RC|DI)-[0-9]{4}$'),
    next_no int NOT NULL CHECK (next_no > 0),
    last_issued_on date NOT NULL,
    PRIMARY KEY (hotel_id, series)
);

CREATE TABLE invoices (
    hotel_id int NOT NULL,
    series text NOT NULL,
    no int NOT NULL CHECK (no > 0),
    kind text NOT NULL CHECK (kind IN ('invoice', 'credit_note', 'receipt', 'deposit_invoice')),
    reference text NOT NULL,
    folio int,
    payment int,
    cause_key text NOT NULL,
    body_hash text NOT NULL DEFAULT '',
    issued_on date NOT NULL,
    issued_at timestamptz NOT NULL,
    currency text NOT NULL,
    total_minor bigint NOT NULL,
    corrects_series text,
    corrects_no int,
    document jsonb NOT NULL,
    PRIMARY KEY (hotel_id, series, no),
    UNIQUE (hotel_id, cause_key),
    FOREIGN KEY (hotel_id, series) REFERENCES invoice_series,
    FOREIGN KEY (hotel_id, reference) REFERENCES bookings,
    FOREIGN KEY (hotel_id, reference, folio) REFERENCES folios,
    FOREIGN KEY (hotel_id, corrects_series, corrects_no) REFERENCES invoices (hotel_id, series, no),
    CHECK ((kind = 'credit_note') = (corrects_no IS NOT NULL))
);
COMMENT ON COLUMN invoices.document IS 'All that the paper says, frozen at issue.';
CREATE INDEX invoices_by_booking ON invoices (hotel_id, reference);
CREATE INDEX invoices_by_day ON invoices (hotel_id, issued_on);

-- A line is on one invoice at a time: invoiced at odd turns, credited at even ones.
CREATE TABLE invoice_lines (
    hotel_id int NOT NULL,
    reference text NOT NULL,
    number int NOT NULL,
    turn int NOT NULL CHECK (turn > 0),
    series text NOT NULL,
    no int NOT NULL,
    PRIMARY KEY (hotel_id, reference, number, turn),
    FOREIGN KEY (hotel_id, reference, number) REFERENCES folio_lines,
    FOREIGN KEY (hotel_id, series, no) REFERENCES invoices
);
CREATE INDEX invoice_lines_by_invoice ON invoice_lines (hotel_id, series, no);

-- What the paper's bytes were when it was made first.
CREATE TABLE invoice_prints (
    hotel_id int NOT NULL,
    series text NOT NULL,
    no int NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes int NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (hotel_id, series, no),
    FOREIGN KEY (hotel_id, series, no) REFERENCES invoices
);

GRANT SELECT ON tax_codes, folios, folio_lines, cash_drawers, cash_movements, invoice_series, invoices, invoice_lines,
    invoice_prints TO holdfast_app, holdfast_ops;
GRANT INSERT ON folios, folio_lines, cash_drawers, cash_movements, invoice_series, invoices, invoice_lines,
    invoice_prints TO holdfast_app;
GRANT UPDATE (kind, bill_to_name, bill_to_address, bill_to_tax_number, routes) ON folios TO holdfast_app;
GRANT UPDATE (closed_at, counted_minor, difference_minor, note) ON cash_drawers TO holdfast_app;
GRANT UPDATE (next_no, last_issued_on) ON invoice_series TO holdfast_app;
