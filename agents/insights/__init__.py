"""Cards that answer questions: typed facts, each with what it rests on, and sentences of them."""
