SELECT players_user.id, players_user.username
FROM players_user
LEFT JOIN username_claim
    ON username_claim.username = upper(players_user.username)
    AND username_claim.user_id = players_user.id
WHERE username_claim.username IS NULL;
