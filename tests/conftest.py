"""The same examples on every run and every machine; explore with --hypothesis-profile=default."""

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")
