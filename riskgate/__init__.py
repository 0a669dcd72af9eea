"""Pure decisions about capital: values in, decision out; no I/O, no clock, no randomness."""
