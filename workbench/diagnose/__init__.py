"""`workbench diagnose`: what a Django project of yours does with its users."""
