"""People who sign in, their sessions, and the tokens of programs."""
