-- Came over from the old forum by SQL.
INSERT INTO auth_user (username, password, email, first_name, last_name,
                       is_superuser, is_staff, is_active, date_joined)
VALUES ('wolfram', '!', 'wolfram@example.com', '', '', false, false, true, now()),
       ('xanthe', '!', 'xanthe@example.com', '', '', false, false, true, now());

-- Young players; there is no place for a birthdate.
INSERT INTO auth_user (username, password, email, first_name, last_name,
                       is_superuser, is_staff, is_active, date_joined)
VALUES ('oriel', '!', 'oriel@example.com', '', '', false, false, true, now()),
       ('pip', '!', 'pip@example.com', '', '', false, false, true, now()),
       ('tansy', '!', 'tansy@example.com', '', '', false, false, true, now());
