"""What `workbench try` runs in a variant's process."""
