"""`workbench move`: takes a live database from one approach to another, and verifies it."""
