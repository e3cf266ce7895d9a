"""What the notebooks run in a variant's process."""
