"""The one place that puts things together."""
