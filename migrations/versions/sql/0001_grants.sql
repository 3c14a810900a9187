GRANT USAGE ON SCHEMA public TO holdfast_app, holdfast_ops;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO holdfast_ops;
REVOKE SELECT ON staff, sessions FROM holdfast_ops;
GRANT SELECT ON hotels, staff TO holdfast_app;
GRANT SELECT, INSERT, DELETE ON sessions TO holdfast_app;
GRANT SELECT ON policy_versions, stay_policies, room_types, rate_plans, rate_plan_room_types, nightly_rates,
    tax_rules, staff_roles TO holdfast_app;
GRANT SELECT, UPDATE ON rooms, room_type_nights TO holdfast_app;
GRANT SELECT, INSERT, UPDATE ON guests, bookings, stays, notices TO holdfast_app;
GRANT SELECT, INSERT, DELETE ON room_segments TO holdfast_app;
GRANT SELECT, INSERT ON stay_guests, nightly_lines, payments, command_keys, booking_events TO holdfast_app;
GRANT SELECT ON alembic_version TO holdfast_app, holdfast_ops;
