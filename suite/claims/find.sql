SELECT user_id FROM username_claim WHERE username = upper('alice');
