"""Setting a connection up step by step, before it is applied."""
