"""`workbench serve` and `workbench manage`: the four sites, and one variant's manage.py."""
