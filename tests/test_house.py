"""The house: style, types, storeys, names and lengths of files, the public list."""

import subprocess
import sys
from pathlib import Path

import pytest

import elman

ROOT = Path(__file__).parents[1]
TOOLS = {
    "style": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
}
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "base", "core", "manager"}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, check=False, text=True, encoding="utf-8"
    )


@pytest.mark.parametrize("what", ["style", "format", "types"])
def test_style_and_types(what: str) -> None:
    found = run("-m", *TOOLS[what])
    assert found.returncode == 0, found.stdout + found.stderr


def test_imports_point_downwards() -> None:
    found = run("-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))")
    assert found.returncode == 0, found.stdout + found.stderr


def test_files_are_short_and_named_for_what_they_hold() -> None:
    files = [
        path for folder in ("src", "tests", "examples", "benchmarks", "tools") for path in (ROOT / folder).rglob("*.py")
    ]
    assert files
    assert {str(path): n for path in files if (n := len(path.read_text(encoding="utf-8").splitlines())) > 500} == {}
    assert [path for path in files if path.stem in SAYS_NOTHING] == []


def test_public_names_can_be_had() -> None:
    assert "Network" in elman.__all__
    for name in elman.__all__:
        assert getattr(elman, name) is not None


def test_importing_elman_loads_nothing_heavy() -> None:
    heavy = "{'torch', 'numpy', 'pandas', 'sympy', 'sklearn', 'rich', 'typer'}"
    found = run("-c", f"import sys, elman; print({heavy} & set(sys.modules))")
    assert found.stdout.strip() == "set()", found.stdout + found.stderr


def test_a_stored_state_and_an_equation_need_no_torch() -> None:
    found = run("-c", "import sys, elman; elman.State; elman.CELLS; print('torch' in sys.modules)")
    assert found.stdout.strip() == "False", found.stdout + found.stderr
