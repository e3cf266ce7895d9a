"""`workbench find`: search the questions and pages."""
