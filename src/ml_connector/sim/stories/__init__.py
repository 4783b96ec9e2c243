"""Stories: what happens in both systems, told step by step, with the books it must lead to."""
