"""Scripted experts; one module a task, named like it, which offers its expert as `EXPERT`.

It may offer a `RESCUER` beside it, who acts in its place where a supervisor takes over from a policy.
"""
