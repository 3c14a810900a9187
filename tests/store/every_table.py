"""Rows for hotel {h} and booking {r} in every table that only bookings fill: what row security is tried on."""

# One row of each kind that only bookings make; the rest is in every seeded database.
BOOKING = """
INSERT INTO guests (hotel_id, name, created_at) VALUES ({h}, 'A Guest', '2027-01-01Z');
INSERT INTO bookings (hotel_id, reference, status, payment_status, version, seq, state, arrival, departure, source,
    guest_id, currency, total_minor, balance_minor, policy_version, create_key, create_body_hash, created_at,
    last_instant)
SELECT {h}, '{r}', 'pending', 'due', 1, 1, '{{}}', '2027-02-01', '2027-02-03', 'web', guest_id, 'INR', 100, 100, 1,
    'key', 'hash', '2027-01-01Z', '2027-01-01Z' FROM guests WHERE hotel_id = {h};
INSERT INTO stays (hotel_id, reference, stay, status, arrival, departure, room_type_id, inventory_type_id, rate_plan_id,
    stay_policy_id, adults, total_minor)
VALUES ({h}, '{r}', 1, 'pending', '2027-02-01', '2027-02-03', 1, 1, 1, 1, 2, 100);
INSERT INTO stay_guests (hotel_id, reference, stay, position, name) VALUES ({h}, '{r}', 1, 1, 'A Guest');
INSERT INTO room_segments (hotel_id, reference, stay, room_id, arrival, departure)
VALUES ({h}, '{r}', 1, 1, '2027-02-01', '2027-02-03');
INSERT INTO nightly_lines (hotel_id, reference, stay, line, night, kind, code, name, amount_minor)
VALUES ({h}, '{r}', 1, 1, '2027-02-01', 'room', 'ROOM', 'Room', 100);
INSERT INTO payments (hotel_id, reference, number, method, amount_minor, currency, received_at, business_date)
VALUES ({h}, '{r}', 1, 'cash', 100, 'INR', '2027-02-01Z', '2027-02-01');
INSERT INTO refunds (hotel_id, reference, number, payment, amount_minor, state, cause, asked_at, told_at, business_date)
VALUES ({h}, '{r}', 1, 1, 50, 'wanted', 'desk', '2027-02-01Z', '2027-02-01Z', '2027-02-01');
INSERT INTO booking_events (hotel_id, reference, seq, step_id, happened_at, actor_kind, channel, what, status_after,
    policy_version)
VALUES ({h}, '{r}', 1, 'step', '2027-01-01Z', 'guest', 'web', 'asked', 'pending', 1);
INSERT INTO command_keys (hotel_id, reference, key, body_hash, seq) VALUES ({h}, '{r}', 'key', 'hash', 1);
INSERT INTO notices (hotel_id, reference, seq, kind, audience, due_at)
VALUES ({h}, '{r}', 1, 'received', 'guest', '2027-01-01Z');
INSERT INTO notice_events (hotel_id, provider_id, what, notice_id, happened_at)
SELECT {h}, 'id', 'delivered', notice_id, '2027-01-01Z' FROM notices WHERE hotel_id = {h};
INSERT INTO attention_items (hotel_id, reference, kind, notice_id, detail, opened_at)
SELECT {h}, '{r}', 'bounced', notice_id, 'No mailbox.', '2027-01-01Z' FROM notices WHERE hotel_id = {h};
INSERT INTO notice_settings (hotel_id, kind, enabled, changed_at) VALUES ({h}, 'feedback', false, '2027-01-01Z');
INSERT INTO guest_profiles (hotel_id, name, first_seen_at) VALUES ({h}, 'A Guest', '2027-01-01Z');
INSERT INTO guest_changes (hotel_id, reference, field, changed_at, actor_kind)
VALUES ({h}, '{r}', 'name', '2027-01-01Z', 'guest');
INSERT INTO booking_notes (hotel_id, reference, kind, about) VALUES ({h}, '{r}', 'internal', 'booking');
INSERT INTO note_versions (hotel_id, note_id, version, what, text, written_at, actor_role, staff_id)
SELECT {h}, note_id, 1, 'written', 'Words.', '2027-01-01Z', 'frontdesk', 1 FROM booking_notes WHERE hotel_id = {h};
INSERT INTO booking_files (hotel_id, reference, name, media_type, size_bytes, sha256, content, added_at, added_by,
    added_role)
VALUES ({h}, '{r}', 'letter.pdf', 'application/pdf', 1, 'hash', 'x', '2027-01-01Z', 1, 'frontdesk');
INSERT INTO change_requests (hotel_id, reference, number, verdict, wish, plans, before_minor, after_minor, asked_at,
    until)
VALUES ({h}, '{r}', 1, 'open', '[]', '[]', 100, 100, '2027-01-01Z', '2027-01-02Z');
INSERT INTO sources (hotel_id, source, name) VALUES ({h}, 'channel:own', 'A channel') ON CONFLICT DO NOTHING;
INSERT INTO repairs (hotel_id, reference, what, done_by, done_at)
VALUES ({h}, '{r}', 'resumed', 'sweeper', '2027-01-01Z');
INSERT INTO office_keys (hotel_id, reference, key, body_hash, made) VALUES ({h}, '{r}', 'key', 'hash', 1);
INSERT INTO provider_calls (hotel_id, key, reference, call, params_hash, params, state)
VALUES ({h}, '{h}.{r}.deposit.1.begin.1', '{r}', 'checkout.sessions.create', 'hash', '{{}}', 'new');
INSERT INTO disputes (hotel_id, dispute_id, reference, payment, kind, amount_minor, currency, reason, status, seen_at)
VALUES ({h}, 'du_{h}', '{r}', 1, 'dispute', 100, 'INR', 'fraudulent', 'needs_response', '2027-01-01Z');
INSERT INTO stripe_accounts (hotel_id, account_id, country, checked_at) VALUES ({h}, 'acct_{h}', 'IN', '2027-01-01Z');
INSERT INTO past_stripe_accounts (hotel_id, account_id, country, replaced_at)
VALUES ({h}, 'acct_old_{h}', 'IN', '2027-01-01Z');
INSERT INTO tax_codes (hotel_id, code, valid_from, name, percent) VALUES ({h}, 'X', '2020-01-01', 'Tax', 10);
INSERT INTO folios (hotel_id, reference, folio, kind, opened_at) VALUES ({h}, '{r}', 1, 'guest', '2027-01-01Z');
INSERT INTO folio_lines (hotel_id, reference, number, folio, kind, code, name, amount_minor, net_minor, tax_minor, line,
    revision, business_date, posted_at, actor_kind)
VALUES ({h}, '{r}', 1, 1, 'extra', 'TEA', 'Tea', 100, 100, 0, 1, 1, '2027-02-01', '2027-02-01Z', 'staff');
INSERT INTO payment_folios (hotel_id, reference, payment, turn, folio, business_date, put_at, actor_kind)
VALUES ({h}, '{r}', 1, 1, 1, '2027-02-01', '2027-02-01Z', 'staff');
INSERT INTO cash_drawers (hotel_id, drawer, staff_id, currency, float_minor, opened_at)
VALUES ({h}, 1, 1, 'INR', 0, '2027-02-01Z');
INSERT INTO cash_movements (hotel_id, drawer, number, kind, amount_minor, reference, payment, moved_at)
VALUES ({h}, 1, 1, 'payment', 100, '{r}', 1, '2027-02-01Z');
INSERT INTO invoice_series (hotel_id, series, next_no, last_issued_on) VALUES ({h}, 'INV-2027', 2, '2027-02-01');
INSERT INTO invoices (hotel_id, series, no, kind, reference, folio, cause_key, issued_on, issued_at, currency,
    total_minor, document)
VALUES ({h}, 'INV-2027', 1, 'invoice', '{r}', 1, 'cause', '2027-02-01', '2027-02-01Z', 'INR', 100, '{{}}');
INSERT INTO invoice_lines (hotel_id, reference, number, turn, series, no) VALUES ({h}, '{r}', 1, 1, 'INV-2027', 1);
INSERT INTO invoice_prints (hotel_id, series, no, sha256, size_bytes, made_at)
VALUES ({h}, 'INV-2027', 1, repeat('0', 64), 1, '2027-02-01Z');
INSERT INTO reconciliation_runs (hotel_id, business_date, number, state, asked_by, asked_at, currency)
VALUES ({h}, '2027-01-01', 1, 'asked', 'night', '2027-01-02Z', 'INR');
INSERT INTO provider_objects (hotel_id, business_date, number, object_id, kind, facts, ours)
VALUES ({h}, '2027-01-01', 1, 'pi_{r}', 'payment', '{{}}', true);
INSERT INTO reconciliation_lines (hotel_id, business_date, number, line, kind, reference, money_number, object_id,
    currency, provider_state, rows_state)
VALUES ({h}, '2027-01-01', 1, '{r}', 'payment', '{r}', 1, 'pi_{r}', 'INR', 'captured', 'captured');
INSERT INTO reconciliation_items (hotel_id, business_date, number, key, code, reference, currency, detail, opened_at,
    seen_business_date, seen_number)
VALUES ({h}, '2027-01-01', 1, '{r}', 'amount_differs', '{r}', 'INR', 'Words.', '2027-01-02Z', '2027-01-01', 1);
"""
