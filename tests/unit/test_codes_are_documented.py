"""Every code that the product can answer with is explained in docs/reference/codes.md."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from riskgate.policy import KNOWN_RULES
from riskgate.rules import RULES
from tests.rules_page import PAGE, rules_page

ROOT = Path(__file__).parents[2]
PRODUCT = ("app", "agents", "tools", "adapters", "riskgate")
CODE = re.compile(r"[A-Z][A-Z0-9]*(?:[_-][A-Z0-9]+)+|INTERNAL|CONFLICT|UNAUTHORIZED|FORBIDDEN")
MAKERS = {"impossible": 0, "refused": 1}


def codes_in(source: str) -> Iterator[str]:
    """Yield the constants that are given as a code: by name, or to a function that takes one."""
    for node in ast.walk(ast.parse(source)):
        candidates: Iterable[ast.expr] = ()
        if isinstance(node, ast.Call):
            candidates = _given(node)
        elif isinstance(node, ast.Assign) and _named_code(node):
            candidates = (node.value,)
        yield from (code for item in candidates if (code := _code(item)) is not None)


def _given(call: ast.Call) -> Iterator[ast.expr]:
    yield from (word.value for word in call.keywords if word.arg == "code")
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name in MAKERS and len(call.args) > MAKERS[name]:
        yield call.args[MAKERS[name]]


def _named_code(node: ast.Assign) -> bool:
    return any(isinstance(name, ast.Name) and name.id == "code" for name in node.targets)


def _code(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value if CODE.fullmatch(node.value) else None
    return None


def test_every_code_in_the_product_is_in_the_reference() -> None:
    documented = set(CODE.findall((ROOT / "docs/reference/codes.md").read_text()))
    used = {
        code
        for folder in PRODUCT
        for path in (ROOT / folder).rglob("*.py")
        for code in codes_in(path.read_text())
    }
    assert len(used) > 60
    assert sorted(used - documented) == []


def test_the_page_of_rules_is_what_the_rules_say_now() -> None:
    assert PAGE.read_text(encoding="utf-8") == rules_page(), "make rules"


def test_a_policy_may_name_exactly_the_rules_there_are() -> None:
    assert {rule.rule_id for rule in RULES} == KNOWN_RULES


def test_every_rule_says_a_code_and_has_a_section() -> None:
    sections = rules_page().split("\n## ")[1:]
    assert [section.partition("\n")[0] for section in sections] == [r.rule_id for r in RULES]
    assert [section[:12] for section in sections if "Says: `" not in section] == []


def test_an_undocumented_code_is_noticed() -> None:
    planted = 'class Odd(Exception):\n    code = "NEVER_HEARD_OF"\nimpossible("ALSO_NEW", "x")\n'
    assert list(codes_in(planted)) == ["NEVER_HEARD_OF", "ALSO_NEW"]
