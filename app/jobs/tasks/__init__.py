"""What jobs do. Each may be done twice or half without harm."""
