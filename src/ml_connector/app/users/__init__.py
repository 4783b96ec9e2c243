"""People and programs that come to the console and the API: who they are, what they may do."""
