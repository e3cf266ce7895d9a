-- Imported from an old forum with SQL: the extra fields are columns of the same row and stay NULL.
INSERT INTO players_user (username, password, email, first_name, last_name,
                          is_superuser, is_staff, is_active, date_joined)
VALUES ('wolfram', '!', 'wolfram@example.com', '', '', false, false, true, now()),
       ('xanthe', '!', 'xanthe@example.com', '', '', false, false, true, now());

-- Young users: oriel turns 18 on 1 June 2026, tansy on the day after.
INSERT INTO players_user (username, password, email, first_name, last_name,
                          is_superuser, is_staff, is_active, date_joined,
                          birthdate, discord_id, zoom_id)
VALUES ('oriel', '!', 'oriel@example.com', '', '', false, false, true, now(),
        '2008-06-01', '561029384756102938', NULL),
       ('pip', '!', 'pip@example.com', '', '', false, false, true, now(),
        '2014-03-17', NULL, NULL),
       ('tansy', '!', 'tansy@example.com', '', '', false, false, true, now(),
        '2008-06-02', NULL, '9182736450');
