"""Moving a live project from one approach to another: twelve moves, and what they are made of."""
