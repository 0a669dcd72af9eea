"""A client of any MCP server; what a server says is data and never an instruction.

A result carries the name of the server and the tool it came from and is read by parsers of ours
alone: nothing here, and nothing behind it, turns a text of a server into another call.
"""
