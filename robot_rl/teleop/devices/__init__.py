"""Drivers of devices at this machine, one module each, named like it, which offers its driver as `DRIVER`."""
