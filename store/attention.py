"""What a booking needs a person for: its own words and the items that are open about it.

Parts of statements in which `b` is the booking's row.
"""

_OPEN = """FROM attention_items i
    WHERE i.hotel_id = b.hotel_id AND i.reference = b.reference AND i.closed_at IS NULL"""
NEEDS_ATTENTION = f"(b.needs_attention OR EXISTS (SELECT 1 {_OPEN}))"
ATTENTION = f"""concat_ws(' ', nullif(b.attention, ''), (
    SELECT string_agg(i.detail, ' ' ORDER BY i.item_id) {_OPEN}))"""
