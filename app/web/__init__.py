"""The page a person chats on: static files and the headers they are served with."""
