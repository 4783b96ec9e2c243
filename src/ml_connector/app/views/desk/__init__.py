"""What the desk shows: what needs a person, the inbox, search, and the story of a subject."""
