"""The pages, a file for each. Handlers only: what they show and do is in ``app``."""
