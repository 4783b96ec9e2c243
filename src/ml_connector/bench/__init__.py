"""The project's own measurements, each beside a floor measured in the same minutes.

A figure alone says as much about the machine as about the software; its ratio to what the
same machine does without the part in question says something about that part.
"""
