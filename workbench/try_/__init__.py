"""`workbench try`: one registration in all four variants."""
