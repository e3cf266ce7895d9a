"""The site: docs/ filled in with what was measured, then built by mkdocs."""
