"""Alarms: raised, told, ended."""
