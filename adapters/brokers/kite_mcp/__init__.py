"""Zerodha Kite through its MCP server; everything below the session."""
