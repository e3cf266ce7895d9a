"""What is known of the players that are loaded, before Django is set up."""

PASSWORD = "The dragon sleeps at 9"
# so many players have this password; the others' hashes open nothing
REAL = 5
