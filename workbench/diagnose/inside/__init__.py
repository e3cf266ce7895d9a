"""What runs in the Python of the project that is diagnosed."""
