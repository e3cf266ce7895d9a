"""What several commands run in a variant's own process.

Only the inside folders and workbench.notebook import Django. `python -m workbench.inside` runs one
of their modules.
"""
