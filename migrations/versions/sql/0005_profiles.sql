-- Gives a profile to every guest who has none, oldest first, hotel by hotel because row security binds the owner too.
-- It approximates what domain/guests.py and store/phones.py do: a phone counts only where it is written with its
-- country's code, as its digits; a last name is the last word. Later bookings of the same guest still match by e-mail.
DO $$
DECLARE
    house int;
    who record;
    found bigint;
BEGIN
    FOR house IN SELECT hotel_id FROM hotels ORDER BY hotel_id LOOP
        PERFORM set_config('holdfast.hotel_id', house::text, true);
        FOR who IN
            SELECT g.guest_id, g.name, g.email, g.phone, g.country, g.created_at,
                nullif(lower(normalize(trim(g.email), NFC)), '') AS email_key,
                CASE WHEN trim(g.phone) LIKE '+%' THEN '+' || nullif(regexp_replace(g.phone, '[^0-9]', '', 'g'), '') END
                    AS phone_e164,
                lower(coalesce(substring(normalize(g.name, NFC) FROM '(\S+)\s*$'), '')) AS last_name_key
            FROM guests g
            WHERE g.hotel_id = house AND g.profile_id IS NULL
            ORDER BY g.guest_id
        LOOP
            SELECT p.profile_id INTO found FROM guest_profiles p
            WHERE p.hotel_id = house AND p.merged_into IS NULL AND (p.email_key = who.email_key
                OR (p.phone_e164 = who.phone_e164 AND p.last_name_key = who.last_name_key AND p.last_name_key <> ''))
            ORDER BY (p.email_key = who.email_key) DESC NULLS LAST, p.profile_id
            LIMIT 1;
            IF found IS NULL THEN
                INSERT INTO guest_profiles (hotel_id, email_key, phone_e164, last_name_key, name, email, phone, country,
                    first_seen_at)
                VALUES (house, who.email_key, who.phone_e164, who.last_name_key, who.name, who.email, who.phone,
                    who.country, who.created_at)
                RETURNING profile_id INTO found;
            END IF;
            UPDATE guests SET profile_id = found, phone_e164 = who.phone_e164
            WHERE hotel_id = house AND guest_id = who.guest_id;
        END LOOP;
    END LOOP;
    PERFORM set_config('holdfast.hotel_id', '', true);
END
$$;
