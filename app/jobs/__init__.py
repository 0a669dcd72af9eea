"""Work done later and again: written down with the rows it serves, done by any worker."""
