"""The rules of the house that no linter knows; each is shown to catch a planted violation."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("app", "agents", "tools", "adapters", "riskgate")
FOLDERS = {*PRODUCT, "tests", "prompts", "docs", "scripts"}
LONGEST_FILE = 600
LONGEST_FUNCTION = 70

# Authority must answer the same from the same inputs, in Decimal, and touch nothing.
IMPURE_CALLS = {
    "open",
    "print",
    "float",
    "eval",
    "exec",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.date.today",
}


def faults_in(folders: Iterable[str], check: Callable[[str], Iterable[str]]) -> list[str]:
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    assert files, "nothing was read, so nothing was checked"
    return [
        f"{path.relative_to(ROOT)}: {fault}"
        for path in files
        for fault in check(path.read_text(encoding="utf-8"))
    ]


# requirements.lock


def lock_faults(lock: str) -> Iterator[str]:
    requirements = lock.replace("\\\n", " ").splitlines()
    if not any("==" in line for line in requirements):
        yield "locks nothing"
    for line in filter(None, map(str.strip, requirements)):
        shown = line[:60]
        if "://" in line or line.startswith("-"):
            yield f"names a place to fetch from: {shown}"
        elif line.startswith("#"):
            yield f"has a comment, which may tell of somebody's machine: {shown}"
        elif not re.match(r"[\w.-]+==\S+", line):
            yield f"is not pinned: {shown}"
        elif "--hash=sha256:" not in line:
            yield f"has no hash: {shown}"


def unlocked(pyproject: str, lock: str) -> list[str]:
    project = tomllib.loads(pyproject)["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    locked = re.findall(r"^([\w.-]+)==(\S+)", lock, flags=re.MULTILINE)
    versions: dict[str, list[str]] = {}
    for name, version in locked:
        versions.setdefault(canonicalize_name(name), []).append(version)
    return [
        text
        for text in wanted
        for requirement in [Requirement(text)]
        if not any(
            requirement.specifier.contains(version)
            for version in versions.get(canonicalize_name(requirement.name), [])
        )
    ]


def test_the_lock_names_no_registry_and_every_requirement_has_a_hash() -> None:
    assert list(lock_faults((ROOT / "requirements.lock").read_text())) == []


@pytest.mark.parametrize(
    ("planted", "complaint"),
    [
        ("", "locks nothing"),
        ("--index-url https://pypi.example/simple\n", "names a place"),
        ("--find-links /opt/wheels\n", "names a place"),
        ("six @ https://pypi.example/six.whl\n", "names a place"),
        ("# made in /home/someone\n", "has a comment"),
        ("six>=1\n", "is not pinned"),
        ("six==1.16.0\n", "has no hash"),
    ],
)
def test_a_lock_that_breaks_the_rule_is_noticed(planted: str, complaint: str) -> None:
    good = "httpx==0.28.1 \\\n    --hash=sha256:00\n"
    assert list(lock_faults(good)) == []
    assert any(complaint in fault for fault in lock_faults(planted and good + planted))


def test_every_dependency_of_the_project_is_locked_at_a_version_it_allows() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text()
    lock = (ROOT / "requirements.lock").read_text()
    assert unlocked(pyproject, lock) == [], "make lock"


def test_a_dependency_missing_from_the_lock_or_locked_too_old_is_noticed() -> None:
    pyproject = (
        '[project]\ndependencies = ["Six>=1", "rich>=15"]\n'
        '[project.optional-dependencies]\ndev = ["uv"]\n'
    )
    assert unlocked(pyproject, "six==1.16.0 \\\nrich==14.0 \\\n") == ["rich>=15", "uv"]


# Import contracts


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_import_contracts_are_kept() -> None:
    outcome = lint_imports(ROOT)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_a_broken_import_contract_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "__init__.py").touch()
    (tmp_path / "house" / "upper.py").touch()
    (tmp_path / "house" / "lower.py").write_text("import house.upper\n")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.importlinter]\nroot_package = "house"\n'
        '[[tool.importlinter.contracts]]\nname = "downwards"\ntype = "layers"\n'
        'layers = ["house.upper", "house.lower"]\n'
    )
    outcome = lint_imports(tmp_path)
    assert outcome.returncode == 1
    assert "house.lower is not allowed to import house.upper" in outcome.stdout


# riskgate is pure


def dotted(expression: ast.expr) -> str:
    if isinstance(expression, ast.Name):
        return expression.id
    if isinstance(expression, ast.Attribute):
        return f"{dotted(expression.value)}.{expression.attr}"
    return "?"


def impure_calls(source: str) -> Iterator[str]:
    tree = ast.parse(source)
    meaning: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            meaning |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom):
            meaning |= {
                alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names
            }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            first, dot, rest = dotted(node.func).partition(".")
            called = (meaning.get(first, first) + dot + rest).removeprefix("builtins.")
            if called in IMPURE_CALLS:
                yield f"line {node.lineno} calls {called}"


def test_riskgate_calls_nothing_impure() -> None:
    assert faults_in(["riskgate"], impure_calls) == []


@pytest.mark.parametrize(
    "planted",
    [
        "open('policy.yaml')",
        "print('denied')",
        "price = float('1.5')",
        "eval('1')",
        "exec('x = 1')",
        "import builtins as b\nb.open('x')",
        "import datetime\ndatetime.datetime.now()",
        "from datetime import datetime as dt\ndef f() -> None:\n    dt.now(None)",
        "from datetime import date\ndate.today()",
    ],
)
def test_an_impure_call_is_noticed(planted: str) -> None:
    assert len(list(impure_calls(planted))) == 1


def test_a_pure_name_that_only_looks_alike_is_let_through() -> None:
    assert list(impure_calls("market.open()\nisinstance(x, float)\nDecimal('1')\nnow()")) == []


# Nothing is swallowed in silence


def broad_excepts(source: str) -> Iterator[str]:
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        broad = any(
            one is None or dotted(one).split(".")[-1] in {"Exception", "BaseException"}
            for one in caught
        )
        if broad and not re.search(r"# edge: *\w+", lines[node.lineno - 1]):
            yield f"line {node.lineno} catches everything without '# edge: why'"


def test_only_an_edge_that_says_why_catches_everything() -> None:
    assert faults_in(PRODUCT, broad_excepts) == []


@pytest.mark.parametrize(
    "clause",
    [
        "except:",
        "except Exception:",
        "except Exception as error:  # noqa: BLE001",
        "except (KeyError, BaseException):",
        "except builtins.Exception:",
        "except Exception:  # edge:",
    ],
)
def test_an_unexplained_broad_except_is_noticed(clause: str) -> None:
    assert len(list(broad_excepts(f"try:\n    f()\n{clause}\n    pass\n"))) == 1


@pytest.mark.parametrize(
    "clause",
    ["except KeyError:", "except Exception:  # edge: one bad feed must not stop the others"],
)
def test_a_narrow_or_explained_except_is_let_through(clause: str) -> None:
    assert list(broad_excepts(f"try:\n    f()\n{clause}\n    pass\n")) == []


# Nothing grows too long to read


def overlong(source: str) -> Iterator[str]:
    length = len(source.splitlines())
    if length > LONGEST_FILE:
        yield f"has {length} lines"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{node.name} has {length} lines"


def test_no_file_and_no_function_is_too_long_to_read() -> None:
    assert faults_in(PRODUCT, overlong) == []


@pytest.mark.parametrize("define", ["def f()", "async def f()", "class A:\n def f(self)"])
def test_an_overlong_function_is_noticed(define: str) -> None:
    assert list(overlong(f"{define}:\n" + "  x = 1\n" * (LONGEST_FUNCTION - 1))) == []
    assert len(list(overlong(f"{define}:\n" + "  x = 1\n" * LONGEST_FUNCTION))) == 1


def test_an_overlong_file_is_noticed() -> None:
    assert list(overlong("x = 1\n" * LONGEST_FILE)) == []
    assert len(list(overlong("x = 1\n" * (LONGEST_FILE + 1)))) == 1


# The plan of the house


def strange_folders(folders: Iterable[str], gitignore: str) -> list[str]:
    ignored = [line.rstrip("/") for line in gitignore.splitlines() if line.endswith("/")]
    return sorted(
        name
        for name in folders
        if name not in FOLDERS
        and not name.startswith(".")
        and not any(fnmatch(name, pattern) for pattern in ignored)
    )


def test_every_top_level_folder_is_in_the_plan() -> None:
    folders = [path.name for path in ROOT.iterdir() if path.is_dir()]
    assert strange_folders(folders, (ROOT / ".gitignore").read_text()) == []


def test_a_folder_outside_the_plan_is_noticed() -> None:
    folders = ["app", ".ci", "sigmatrader.egg-info", "build", "utils"]
    assert strange_folders(folders, "*.egg-info/\nbuild/\n") == ["utils"]


def test_migrations_are_numbered_once_each() -> None:
    folder = ROOT / "app" / "persistence" / "migrations" / "versions"
    numbers = sorted(path.name[:4] for path in folder.glob("[0-9]*.py"))
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
