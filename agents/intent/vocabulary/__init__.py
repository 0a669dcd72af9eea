"""The words the parser knows, as tables: add a phrase to a row, and nothing else."""
