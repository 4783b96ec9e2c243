"""How facts come in: webhooks taken in, sweeps, polls, wake-ups, replays."""
