"""What the site's build runs in a variant's process."""
