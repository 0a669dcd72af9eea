"""What a model or an MCP client may call: read, propose, submit."""
