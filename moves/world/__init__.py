"""What makes a move hard in real life: another app, whose tables point at users in every way."""
