"""What `workbench serve` runs inside a variant's process."""
