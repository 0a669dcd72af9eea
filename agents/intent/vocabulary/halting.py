"""Words that ask to stop trading altogether: they are told how, and never do it."""

from typing import Final

ACTS: Final = (
    "stop|halt|pause|freeze|suspend|block|lock|shut down|shut|disable|switch off|turn off|end|"
    "resume|restart|start|unpause|unfreeze|enable|"
    "band karo|band kar do|band kardo|band kar de|bandh karo|bandh kar do|band|bandh|"
    "rok do|roko|rok|rokna hai|chalu karo|chalu kar do|shuru karo|shuru kar do"
)
OF: Final = (
    "trading|all trading|trades|all trades|everything|every thing|all|sab|sab kuch|sara|saara|"
    "my account|the account|account|all orders|new orders|all new orders|all new trades|"
    "buying and selling|the bot|the system|the robot|all activity|trading karna|kaam|dhandha"
)
# These say it alone.
ALONE: Final = (
    "kill switch|killswitch|kill-switch|the kill switch|panic|panic button|panic close|"
    "red button|emergency|emergency stop|stop it all|hit the brakes|pull the plug|"
    "halt all|stop all"
)
BESIDE_ALONE: Final = (
    "on|turn on|switch on|activate|hit|press|pull|set|use|trip|trigger|engage|enable|"
    "on karo|on kar do|chalu karo|chalu kar do|dabao|daba do|laga do|lagao"
)
# Words that change nothing of it.
POLITE: Final = (
    "please|pls|plz|now|right now|immediately|at once|asap|abhi|turant|jaldi|for today|today|"
    "aaj|the|my|for me|just|bhai|yaar|sir|quickly|kindly|hey|ok|okay|mera|meri|mere|ka|ki|ko|do|"
    "for now|in my account|on my account|on this account|for this account|completely|all|can you|"
    "could you|i want to|i need to|i want you to|us|let's|lets"
)
