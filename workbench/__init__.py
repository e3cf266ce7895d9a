"""The tool: PostgreSQL, the comparison, the command line."""
