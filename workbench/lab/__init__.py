"""The notebooks as files: opening, running, cleaning and exporting them."""
