"""What the four cost when they grow, measured beside SQL written by hand."""
