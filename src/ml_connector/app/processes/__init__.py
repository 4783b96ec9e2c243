"""The processes of the service: the supervisor and its workers."""
