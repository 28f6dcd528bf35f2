"""``NamedTuple`` as typing has it, a tenth as costly to define.

Typing's own compiles a constructor and every annotation of each class; for the hundred small classes of this package
that is 20 ms at the start of every run, a fifth of a small check. Here a class compiles its constructor when it is
first called, and nothing else. Type checkers see typing's.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:
    from _collections import _tuplegetter

    class _Record(tuple):
        """What all of them share: the methods of typing's."""

        __slots__ = ()

        @classmethod
        def _make(cls, iterable):
            return cls(*iterable)

        def _replace(self, /, **changes):
            values = [changes.pop(field, value) for field, value in zip(self._fields, self, strict=True)]
            if changes:
                raise ValueError(f"Got unexpected field names: {list(changes)!r}")
            return type(self)(*values)

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            inside = ", ".join([f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True)])
            return f"{type(self).__name__}({inside})"

        def __getnewargs__(self):
            return tuple(self)

    def _constructor(name, fields, defaults):
        """The same constructor that collections.namedtuple compiles: as fast to call, and errors in the same words."""
        new = eval(
            f"lambda cls, {', '.join(fields)}: make(cls, ({''.join(field + ', ' for field in fields)}))",
            {"make": tuple.__new__, "__builtins__": {}, "__name__": f"namedtuple_{name}"},
        )
        new.__name__, new.__qualname__ = "__new__", f"{name}.__new__"
        new.__defaults__ = tuple(defaults.values())
        return new

    class _Definition(type):
        """Turns the body of a class into a plain tuple class, as typing's does."""

        def __new__(mcs, name, bases, namespace):
            fields = tuple(namespace["__annotations__"])
            defaults = {field: namespace[field] for field in fields if field in namespace}
            if tuple(defaults) != fields[len(fields) - len(defaults) :]:
                raise TypeError(f"{name}: a field without a default follows one that has it")

            def first(cls, /, *arguments, **named):
                made.__new__ = staticmethod(_constructor(name, fields, defaults))
                return made.__new__(cls, *arguments, **named)

            getters = {field: _tuplegetter(index, None) for index, field in enumerate(fields)}
            facts = {"_fields": fields, "_field_defaults": defaults, "__match_args__": fields, "__slots__": ()}
            made = type(name, (_Record,), {**namespace, **getters, **facts, "__new__": first})
            return made

    NamedTuple = type.__new__(_Definition, "NamedTuple", (), {})
