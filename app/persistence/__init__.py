"""The one database: its tables, its migrations, and the records read from and written to it."""
