"""The project's own measurements, each beside a floor measured in the same minutes.

A figure alone depends as much on the machine as on the software. The ratio to what the same
machine does without a part shows what that part costs.
"""
