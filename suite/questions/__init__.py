"""The questions, a module for each area."""

# The areas in the order in which a reader meets them.
AREAS = (
    "schema",
    "registration",
    "reading",
    "writing",
    "missing_row",
    "duplicates",
    "deletion",
    "authentication",
    "admin",
    "checks",
    "migrations",
    "third_party",
    "apis",
    "serialization",
    "locks",
    "inspectdb",
    "neighbours",
    "size",
    "partitions",
    "django_6",
    "article",
)
