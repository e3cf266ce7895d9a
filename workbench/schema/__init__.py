"""`workbench schema`: a variant's tables as PostgreSQL has them."""
