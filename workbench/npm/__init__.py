"""What comes from npm: the list of the packages, and their installation."""
