"""The words that ask about a login at the broker; they only ever show how it stands."""

from typing import Final

BROKERS: Final = "kite|zerodha|broker|the broker|my broker|my kite|kite account|my kite account"
ACTS: Final = (
    "connect|reconnect|log in|login|log into|log on|sign in|sign into|log out|logout|log off"
    "|sign out|disconnect|log me in|log me out|sign me in"
)
STATES: Final = "connected|logged in|logged out|signed in|online|linked"
EXPIRIES: Final = "login|session|connection|login status|connection status|session status"
