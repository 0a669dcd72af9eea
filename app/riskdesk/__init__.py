"""The gate as a program of its own: cases in as JSON documents, verdicts out."""
