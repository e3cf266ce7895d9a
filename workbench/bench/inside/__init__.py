"""What is measured inside a subject's own process: a variant's, or a peer's."""
