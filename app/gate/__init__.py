"""The one door to the gate: gather what it judges, ask it, store what it said."""
