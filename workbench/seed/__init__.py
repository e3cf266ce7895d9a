"""`workbench seed`: the same made-up players in every variant, as many as one likes."""
