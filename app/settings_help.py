"""What is wrong with settings, in words for the person who wrote them."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

PREFIX: Final = "SIGMATRADER_"
# Read elsewhere than in the settings: by the commands, and by the tests.
OTHER_NAMES: Final = frozenset(
    f"{PREFIX}{name}"
    for name in ("API_KEY", "RISK_TOKEN", "KITE_RECORDINGS", "INJECTIONS", "VECTORS")
)
# More letters than these apart is another name, no slip.
APART_MAX: Final = 4
_LOCAL_OR_TLS: Final = (
    "must be an address that begins with https://; http:// is taken for this machine alone"
    " ({local}), because {why}"
)
_ISSUES: Final = MappingProxyType(
    {
        "openai_base_url": _LOCAL_OR_TLS.format(
            local="127.0.0.1, localhost or [::1]",
            why="what people write would travel in the clear; no user name, query or blank in it",
        ),
        "kite_mcp_url": _LOCAL_OR_TLS.format(
            local="127.0.0.1 or localhost", why="the login would travel in the clear"
        )
        + "; it ends with the server's path, such as /mcp",
        **dict.fromkeys(
            ("alpaca_url", "tradier_url"),
            _LOCAL_OR_TLS.format(local="127.0.0.1", why="the keys would travel in the clear")
            + "; it names no path",
        ),
        **dict.fromkeys(
            ("oauth_issuer", "oauth_jwks_url"),
            _LOCAL_OR_TLS.format(local="127.0.0.1", why="identities hang on it"),
        ),
        "oauth_resource": _LOCAL_OR_TLS.format(local="127.0.0.1", why="identities hang on it")
        + "; it ends with /mcp",
        "public_url": "must be the page's address with http:// or https:// and a slash at its end",
        "mock_url": "must be http://127.0.0.1: with a port, a mock broker on this machine",
        "tradier_account": "must be letters and digits, at most 32",
        "mcp_hosts": "must be host names between commas, without ports or addresses",
    }
)


def plain_issue(setting: str, issue: str) -> str:
    """Return what is wrong with a setting's form; other faults are said as they are."""
    return _ISSUES.get(setting, issue) if issue.startswith("String should match") else issue


def misspelt(environment: Mapping[str, str], settings: Collection[str]) -> list[str]:
    """Return a sentence for each variable that looks like a setting and is none."""
    known = sorted({f"{PREFIX}{name.upper()}" for name in settings} | OTHER_NAMES)
    found = [
        name
        for name in sorted(environment)
        if name.upper().startswith(PREFIX) and name.upper() not in known
    ]
    return [_sentence(name, known) for name in found]


def _sentence(name: str, known: list[str]) -> str:
    near = process.extractOne(name.upper(), known, scorer=OSA.distance, score_cutoff=APART_MAX)
    meant = f"did you mean {near[0]}?" if near else ".env.example lists all that are."
    return f"{name} is no setting and does nothing; {meant}"
