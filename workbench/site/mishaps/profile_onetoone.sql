-- Imported from an old forum with SQL: Django sent no signal, so these users have no profile row.
INSERT INTO auth_user (username, password, email, first_name, last_name,
                       is_superuser, is_staff, is_active, date_joined)
VALUES ('wolfram', '!', 'wolfram@example.com', '', '', false, false, true, now()),
       ('xanthe', '!', 'xanthe@example.com', '', '', false, false, true, now());

-- Young users: oriel turns 18 on 1 June 2026, tansy on the day after.
INSERT INTO auth_user (username, password, email, first_name, last_name,
                       is_superuser, is_staff, is_active, date_joined)
VALUES ('oriel', '!', 'oriel@example.com', '', '', false, false, true, now()),
       ('pip', '!', 'pip@example.com', '', '', false, false, true, now()),
       ('tansy', '!', 'tansy@example.com', '', '', false, false, true, now());

INSERT INTO person (user_id, birthdate, discord_id)
SELECT id, '2008-06-01', '561029384756102938'
FROM auth_user WHERE username = 'oriel';

INSERT INTO person (user_id, birthdate)
SELECT id, '2014-03-17'
FROM auth_user WHERE username = 'pip';

INSERT INTO person (user_id, birthdate, zoom_id)
SELECT id, '2008-06-02', '9182736450'
FROM auth_user WHERE username = 'tansy';
