"""Scripted experts; one module a task, named like it, which offers its expert as `EXPERT`."""
