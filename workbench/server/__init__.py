"""PostgreSQL for everything: the embedded server, databases, and the processes of the variants."""
