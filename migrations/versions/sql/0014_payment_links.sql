-- A link to pay that the desk made, or had sent by letter; the new value is what was open by then, never the link.
ALTER TABLE guest_changes DROP CONSTRAINT guest_changes_field_check;
ALTER TABLE guest_changes ADD CONSTRAINT guest_changes_field_check CHECK (field IN ('name', 'email', 'phone', 'country',
    'language', 'special_requests', 'stay_guests', 'guest_link', 'payment_link', 'payment_letter'));
