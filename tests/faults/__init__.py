"""Faults of the machine below the desk: a full disk, a failing one, a database that is shot."""
