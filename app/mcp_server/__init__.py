"""SigmaTrader as an MCP server: what the registry offers, for programs that people let in.

The library is imported by `server`, `edge` and what they import; `routes` alone is light.
"""
