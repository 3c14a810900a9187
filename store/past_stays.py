"""How often a guest has stayed before, as a part of statements that read the guest `g` of a booking `b`."""

# Rooms that the same guest has checked out of on other bookings. Each part is counted inside the one before, so that it
# is read from the guest to their stays whatever the planner takes the tables' sizes for: in another order every booking
# of the guest is read once for each of them.
PAST_STAYS = """
    SELECT coalesce(sum((
        SELECT coalesce(sum((
            SELECT count(*) FROM stays s
            WHERE s.hotel_id = p.hotel_id AND s.reference = p.reference AND s.status = 'checked_out')), 0)
        FROM bookings p
        WHERE p.hotel_id = o.hotel_id AND p.guest_id = o.guest_id AND p.reference <> b.reference)), 0)::int
    FROM guests o
    WHERE o.hotel_id = g.hotel_id AND o.profile_id = g.profile_id"""
