"""`workbench compare` and `workbench choose`: the suite's answers, and what they mean for you."""
