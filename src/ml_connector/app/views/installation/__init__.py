"""What is shown of the installation itself."""
