"""Our client in the public suite for MCP, npm `@modelcontextprotocol/conformance`.

Not part of `make test`: the suite is a program of its own that needs Node.
docs/howto/mcp-client.md says how it is run.
"""
