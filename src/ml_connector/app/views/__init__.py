"""What people are shown, a file for each noun: for the console, the API and the commands."""
