"""The package's NamedTuple behaves as typing's does, for every class of the package and for made-up ones."""

from __future__ import annotations

import collections
import copy
import importlib
import inspect
import pickle
import pkgutil
import types
import typing
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

import layercheck
from layercheck.elf import ElfImage
from layercheck.finding import Defect
from layercheck.named_tuple import NamedTuple


class Ours(NamedTuple):
    """Two fields without a default, two with."""

    first: int
    second: str
    third: tuple[int, ...] = ()
    fourth: str | None = None

    @property
    def double(self) -> int:
        """A method beside the fields."""
        return self.first * 2


class Theirs(typing.NamedTuple):
    """The same by typing."""

    first: int
    second: str
    third: tuple[int, ...] = ()
    fourth: str | None = None

    @property
    def double(self) -> int:
        """A method beside the fields."""
        return self.first * 2


ARGUMENTS = st.tuples(
    st.lists(st.integers(), max_size=5),
    st.dictionaries(st.sampled_from(["first", "second", "third", "fourth", "fifth"]), st.integers(), max_size=4),
)


def outcome(call: typing.Callable[[], object]) -> object:
    """What a call gives, an exception by its type and words."""
    try:
        return call()
    except (TypeError, ValueError) as error:
        return type(error), str(error).replace("Ours", "Theirs")


@given(ARGUMENTS)
def test_constructors_take_the_same_and_refuse_the_same(arguments: tuple[list[int], dict[str, int]]) -> None:
    positional, named = arguments
    ours = outcome(lambda: Ours(*positional, **named))  # type: ignore[arg-type]
    theirs = outcome(lambda: Theirs(*positional, **named))  # type: ignore[arg-type]
    if isinstance(ours, Ours) and isinstance(theirs, Theirs):
        assert tuple(ours) == tuple(theirs)
        assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
        assert ours._asdict() == theirs._asdict()
        assert (ours.first, ours.second, ours.third, ours.fourth, ours.double) == (*theirs, theirs.double)
        assert hash(ours) == hash(theirs)
    else:
        assert ours == theirs


@pytest.mark.parametrize("count", range(1, 20))
def test_every_number_of_fields(count: int) -> None:
    fields = [f"field{number}" for number in range(count)]
    space = {"__annotations__": dict.fromkeys(fields, "int"), fields[-1]: -1}
    ours: typing.Any = types.new_class("Theirs", (NamedTuple,), exec_body=lambda into: into.update(space))
    theirs: typing.Any = collections.namedtuple("Theirs", fields, defaults=[-1])  # type: ignore[misc]
    named = {name: number for number, name in enumerate(fields)}
    half = count // 2
    calls: list[tuple[range, dict[str, int]]] = [
        (range(count), {}),
        (range(count - 1), {}),
        (range(0), named),
        (range(half), dict(list(named.items())[half:])),
        (range(0), {}),
        (range(count + 1), {}),
        (range(count), {fields[0]: 1}),
        (range(count), {"other": 1}),
    ]
    for positional, keywords in calls:
        told = [str(outcome(partial(made, *positional, **keywords))) for made in (ours, theirs)]
        assert told[0] == told[1]
    assert inspect.signature(ours.__new__).parameters.keys() == {"cls", *fields}


@given(st.dictionaries(st.sampled_from(["first", "second", "third", "fourth", "fifth"]), st.integers(), max_size=3))
def test_replace_agrees(changes: dict[str, int]) -> None:
    ours = outcome(lambda: Ours(1, "a")._replace(**changes))  # type: ignore[arg-type]
    theirs = outcome(lambda: Theirs(1, "a")._replace(**changes))  # type: ignore[arg-type]
    assert ours == theirs


def test_the_rest_of_the_interface() -> None:
    value = Ours(1, "a")
    assert Ours._make([1, "a", (), None]) == value
    assert pickle.loads(pickle.dumps(value)) == value == copy.deepcopy(value)
    assert Ours._fields == Theirs._fields == Ours.__match_args__
    assert Ours._field_defaults == Theirs._field_defaults
    match value:
        case Ours(1, second):
            assert second == "a"
        case _:
            pytest.fail("does not match by position")
    with pytest.raises(AttributeError):
        value.first = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        value.other = 2  # type: ignore[attr-defined]


def test_a_field_without_a_default_may_not_follow_one_that_has_it() -> None:
    with pytest.raises(TypeError, match="without a default"):

        class Wrong(NamedTuple):
            with_default: int = 1
            without: int  # type: ignore[misc]


def test_every_class_of_the_package_is_one() -> None:
    for module in pkgutil.walk_packages(layercheck.__path__, "layercheck."):
        if not module.name.endswith("__main__") and ".handlers." not in module.name:
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, type) and issubclass(value, tuple) and value.__module__.startswith("layercheck"):
                    assert not hasattr(value, "__orig_bases__"), f"{value} is made by typing"


def test_values_of_the_package_survive_pickling_and_are_tuples() -> None:
    value = Defect("truncated", None, "cut off")
    assert pickle.loads(pickle.dumps(value)) == ("truncated", None, "cut off")
    assert isinstance(value, tuple)
    assert issubclass(ElfImage, tuple)
