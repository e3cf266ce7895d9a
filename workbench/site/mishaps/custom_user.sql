-- Came over from the old forum by SQL: the extras are columns of the same row, and stay empty.
INSERT INTO players_user (username, password, email, first_name, last_name,
                          is_superuser, is_staff, is_active, date_joined)
VALUES ('wolfram', '!', 'wolfram@example.com', '', '', false, false, true, now()),
       ('xanthe', '!', 'xanthe@example.com', '', '', false, false, true, now());

-- Young players, whatever day it is: oriel comes of age today, tansy tomorrow.
INSERT INTO players_user (username, password, email, first_name, last_name,
                          is_superuser, is_staff, is_active, date_joined,
                          birthdate, discord_id, zoom_id)
VALUES ('oriel', '!', 'oriel@example.com', '', '', false, false, true, now(),
        current_date - interval '18 years', '561029384756102938', NULL),
       ('pip', '!', 'pip@example.com', '', '', false, false, true, now(),
        current_date - interval '12 years', NULL, NULL),
       ('tansy', '!', 'tansy@example.com', '', '', false, false, true, now(),
        current_date - interval '18 years' + interval '1 day', NULL, '9182736450');
