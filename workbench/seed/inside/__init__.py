"""What `workbench seed` runs inside a variant's process."""
