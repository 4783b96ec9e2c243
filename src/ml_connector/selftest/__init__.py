"""``selftest``: this build against the simulators, in worlds that nobody could look up."""
