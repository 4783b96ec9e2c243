"""How things that several flows wait for are seen to have appeared."""
