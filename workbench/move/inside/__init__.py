"""What `workbench move` runs in a project's process."""
