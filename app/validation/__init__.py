"""What a plan is checked for before it may be executed, and what an execution came to: pure."""
