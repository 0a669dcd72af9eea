"""The reference of the gate's rules, made from the rules themselves.

`python -m tests.rules_page` (or `make rules`) writes docs/reference/rules.md again.
"""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from riskgate.policy import DEFAULT_POLICY
from riskgate.rules import RULES
from riskgate.rules.base import PlanRule, Rule

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "reference" / "rules.md"
_CODE: Final = re.compile(r'"([A-Z][A-Z_]{2,}): |"([A-Z]+(?:_[A-Z]+)+)"')
_HELPED: Final = re.compile(r"_[a-z_]+")

INTRODUCTION: Final = """\
# Rules of the gate

Written by `make rules` from the rules themselves; change a rule's docstring, not this page.

Every rule is asked of every order, every breach is kept, and they are listed in this order, then by
leg. Nothing hides anything: a missing price is listed beside a reached loss limit.

- **smaller**: a smaller quantity mends it. When only such rules are broken the verdict is MODIFY
  with the largest quantity that passes all of them, judged again.
- **exits pass**: an order that strictly lowers exposure passes; the decision lists the rule under
  `waived`. HALTED and the broker's own rates hold for exits too.
- **facts**: about missing or contradictory facts; denies even in a policy that only monitors.
- **limits**: what in the policy turns the rule on, with the value of the policy we ship; a rule
  without limits is always on. Shares are fractions of equity, or of the price.
"""


def rules_page() -> str:
    """Return the page as the rules are now."""
    return "\n".join([INTRODUCTION, *_table(), "", *(_section(rule) for rule in RULES)])


def write() -> None:
    """Write the page."""
    PAGE.write_text(rules_page(), encoding="utf-8")


def _table() -> Iterator[str]:
    yield "| id | severity | what it does | smaller | exits pass | facts |"
    yield "|---|---|---|---|---|---|"
    for rule in RULES:
        marks = " | ".join("yes" if mark else "" for mark in _marks(rule))
        name = f"[{rule.rule_id}](#{rule.rule_id.lower()})"
        yield f"| {name} | {rule.severity.lower()} | {_first(rule)} | {marks} |"


def _marks(rule: Rule | PlanRule) -> tuple[bool, bool, bool]:
    if isinstance(rule, PlanRule):
        return False, False, rule.facts
    return rule.reduces, rule.exits_pass, rule.facts


def _section(rule: Rule | PlanRule) -> str:
    text = inspect.getdoc(rule.check) or ""
    limits = "\n".join(f"- `{path}`: {_shipped(path)}" for path in rule.limits)
    codes = ", ".join(f"`{code}`" for code in _codes(rule))
    parts = [f"## {rule.rule_id}", text, f"Says: {codes}." if codes else "", limits]
    return "\n\n".join(part for part in parts if part) + "\n"


def _first(rule: Rule | PlanRule) -> str:
    return (inspect.getdoc(rule.check) or "").partition("\n")[0]


def _shipped(path: str) -> str:
    block, field = path.split(".")
    value = getattr(getattr(DEFAULT_POLICY.limits, block), field)
    if value is None or value is False or value == frozenset():
        return "off"
    return ", ".join(sorted(value)) if isinstance(value, frozenset) else str(value)


def _codes(rule: Rule | PlanRule) -> list[str]:
    """Return the words a rule's messages begin with, its own helpers' included."""
    module = inspect.getmodule(rule.check)
    source = inspect.getsource(rule.check)
    seen: dict[str, None] = dict.fromkeys(_found(source))
    for name in _HELPED.findall(source):
        helper = getattr(module, name, None)
        if inspect.isfunction(helper):
            seen |= dict.fromkeys(_found(inspect.getsource(helper)))
    return list(seen)


def _found(source: str) -> list[str]:
    return ["".join(groups) for groups in _CODE.findall(source)]


if __name__ == "__main__":
    write()
