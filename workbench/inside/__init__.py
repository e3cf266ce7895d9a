"""What runs in a variant's own process: the only modules of the tool that import Django."""
