"""The HTTP edge: routes, who may use them, errors and streams."""
