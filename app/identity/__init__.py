"""Who is asking: users, their roles and their keys."""
