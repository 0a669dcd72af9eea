"""The one place that says plan, gate, approve, execute, reconcile."""
