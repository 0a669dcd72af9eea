"""Tools that submit approved plans; never an order."""
