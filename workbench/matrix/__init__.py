"""`workbench matrix`: the suite on every supported Django."""
