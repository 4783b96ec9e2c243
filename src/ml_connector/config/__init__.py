"""Settings of the installation and the file that describes one connection."""
