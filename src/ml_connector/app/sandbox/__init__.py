"""The sandbox of ``demo``: what a visitor may let happen in both simulated systems.

It is there only where ``demo`` has started the service, and acts by the control routes of the
simulators (``/_sim``) on loopback, as any other program could.
"""
