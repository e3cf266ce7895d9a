-- Imported from an old forum with SQL.
INSERT INTO auth_user (username, password, email, first_name, last_name,
                       is_superuser, is_staff, is_active, date_joined)
VALUES ('wolfram', '!', 'wolfram@example.com', '', '', false, false, true, now()),
       ('xanthe', '!', 'xanthe@example.com', '', '', false, false, true, now());

-- Young users. There is no column for their birthdate.
INSERT INTO auth_user (username, password, email, first_name, last_name,
                       is_superuser, is_staff, is_active, date_joined)
VALUES ('oriel', '!', 'oriel@example.com', '', '', false, false, true, now()),
       ('pip', '!', 'pip@example.com', '', '', false, false, true, now()),
       ('tansy', '!', 'tansy@example.com', '', '', false, false, true, now());
