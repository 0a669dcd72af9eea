"""The outside world: brokers, market data, notifiers and models, behind ports."""
