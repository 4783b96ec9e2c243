"""The one HTTP client: timeouts, limits, retries of safe calls, redacted recording."""
