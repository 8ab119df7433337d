"""The house keeps its order: arrows between the rooms, names, sizes, and what every stage offers."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import config
import posture

REPOSITORY = Path(__file__).parents[1]
ROOMS = ("analytics", "config", "firmware_bridge", "lumbar", "posture")
STAGE_ROOMS = ("analytics", "posture")
LONGEST_MODULE = 400


def modules_of(room):
    """Return the names of all modules of a room."""
    package = importlib.import_module(room)
    return [room, *(found.name for found in pkgutil.walk_packages(package.__path__, f"{room}."))]


def python_files():
    return sorted(path for room in ROOMS for path in (REPOSITORY / room).rglob("*.py"))


def name_of(path):
    return str(path.relative_to(REPOSITORY))


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def exported(tree):
    """Return what `__all__` lists; None without one."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return [element.value for element in node.value.elts]
    return None


def test_arrows_between_the_rooms_only_run_as_designed():
    program = Path(sys.executable).with_name("lint-imports")
    if not program.exists():
        pytest.skip("import-linter is not installed")
    result = subprocess.run([program, "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    assert " 0 broken" in result.stdout


def test_the_rooms_are_ours():
    """Names as common as `config` could be taken by another distribution."""
    assert Path(config.__file__).parents[1] == Path(posture.__file__).parents[1] == REPOSITORY


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_tells_that_it_is_typed(room):
    assert (REPOSITORY / room / "py.typed").is_file()


@pytest.mark.parametrize("path", python_files(), ids=name_of)
def test_a_module_is_one_idea(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize("path", python_files(), ids=name_of)
def test_public_names_are_listed_in_order_and_exist(path):
    tree = tree_of(path)
    names = exported(tree)
    if names is None:
        assert not any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in tree.body), (
            "a module says what it offers"
        )
        return
    order = sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert names == order, "constants, then classes, then functions, each in order"
    module = importlib.import_module(
        ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")
    )
    assert all(hasattr(module, name) for name in names)


def stages():
    """Return the classes of the pure rooms that take samples, or what comes of them, in pieces."""
    found = []
    for room in STAGE_ROOMS:
        for name in modules_of(room):
            module = importlib.import_module(name)
            own = [each for each in vars(module).values() if inspect.isclass(each) and each.__module__ == name]
            found += [each for each in own if hasattr(each, "push")]
    return found


def test_the_stages_are_found():
    names = {stage.__name__ for stage in stages()}
    assert {"Resampler", "OrientationFilter", "ActivityDecoder", "SlouchTracker", "StepDetector"} <= names
    assert len(names) >= 16


@pytest.mark.parametrize("stage", stages(), ids=lambda stage: stage.__name__)
def test_every_stage_gives_out_what_it_holds_back(stage):
    """One that only collects (`push` gives nothing) is asked for its result instead."""
    gives_nothing = inspect.signature(stage.push).return_annotation in ("None", None)
    assert gives_nothing or callable(getattr(stage, "flush", None))


@pytest.mark.parametrize("stage", stages(), ids=lambda stage: stage.__name__)
def test_every_stage_can_be_saved(stage):
    """As a property with a setter, or as an attribute that `__init__` sets."""
    state = inspect.getattr_static(stage, "state", None)
    if state is None:
        assert "self.state" in inspect.getsource(stage.__init__)
    else:
        assert isinstance(state, property)
        assert state.fset is not None


@pytest.mark.parametrize("room", STAGE_ROOMS)
def test_pure_rooms_ask_no_clock_and_touch_no_file(room):
    forbidden = {"open", "print", "input"}
    for path in (REPOSITORY / room).rglob("*.py"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                assert called not in {*forbidden, "now", "utcnow", "today", "monotonic"}, (
                    f"{name_of(path)}:{node.lineno}"
                )
            assert not isinstance(node, ast.Global | ast.Nonlocal), f"{name_of(path)}:{node.lineno}"


def test_asking_for_help_imports_no_heavy_library():
    if not (REPOSITORY / "lumbar" / "cli.py").is_file():
        pytest.skip("there is no command line yet")
    script = (
        "import sys\n"
        "sys.argv = ['lumbar', '--help']\n"
        "from lumbar.cli import main\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "heavy = {'numpy', 'scipy', 'pandas', 'pyarrow', 'vqf', 'pydantic'} & set(sys.modules)\n"
        "print('heavy:', sorted(heavy))\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "heavy: []"
