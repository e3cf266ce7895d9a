-- Came over from the old forum by SQL: no signal was sent, so nobody made their record.
INSERT INTO auth_user (username, password, email, first_name, last_name,
                       is_superuser, is_staff, is_active, date_joined)
VALUES ('wolfram', '!', 'wolfram@example.com', '', '', false, false, true, now()),
       ('xanthe', '!', 'xanthe@example.com', '', '', false, false, true, now());

-- Young players, whatever day it is: oriel comes of age today, tansy tomorrow.
INSERT INTO auth_user (username, password, email, first_name, last_name,
                       is_superuser, is_staff, is_active, date_joined)
VALUES ('oriel', '!', 'oriel@example.com', '', '', false, false, true, now()),
       ('pip', '!', 'pip@example.com', '', '', false, false, true, now()),
       ('tansy', '!', 'tansy@example.com', '', '', false, false, true, now());

INSERT INTO person (user_id, birthdate, discord_id)
SELECT id, current_date - interval '18 years', '561029384756102938'
FROM auth_user WHERE username = 'oriel';

INSERT INTO person (user_id, birthdate)
SELECT id, current_date - interval '12 years'
FROM auth_user WHERE username = 'pip';

INSERT INTO person (user_id, birthdate, zoom_id)
SELECT id, current_date - interval '18 years' + interval '1 day', '9182736450'
FROM auth_user WHERE username = 'tansy';
