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

    _make = tuple.__new__
    _Function = type(_Record._make.__func__)

    # Constructors for one to fourteen fields. A class takes the code of one and puts its own names into it: compiling
    # the same for the seventy classes of a check took 5 ms.
    _MADE = (
        lambda cls, a: _make(cls, (a,)),
        lambda cls, a, b: _make(cls, (a, b)),
        lambda cls, a, b, c: _make(cls, (a, b, c)),
        lambda cls, a, b, c, d: _make(cls, (a, b, c, d)),
        lambda cls, a, b, c, d, e: _make(cls, (a, b, c, d, e)),
        lambda cls, a, b, c, d, e, f: _make(cls, (a, b, c, d, e, f)),
        lambda cls, a, b, c, d, e, f, g: _make(cls, (a, b, c, d, e, f, g)),
        lambda cls, a, b, c, d, e, f, g, h: _make(cls, (a, b, c, d, e, f, g, h)),
        lambda cls, a, b, c, d, e, f, g, h, i: _make(cls, (a, b, c, d, e, f, g, h, i)),
        lambda cls, a, b, c, d, e, f, g, h, i, j: _make(cls, (a, b, c, d, e, f, g, h, i, j)),
        lambda cls, a, b, c, d, e, f, g, h, i, j, k: _make(cls, (a, b, c, d, e, f, g, h, i, j, k)),
        lambda cls, a, b, c, d, e, f, g, h, i, j, k, m: _make(cls, (a, b, c, d, e, f, g, h, i, j, k, m)),
        lambda cls, a, b, c, d, e, f, g, h, i, j, k, m, n: _make(cls, (a, b, c, d, e, f, g, h, i, j, k, m, n)),
        lambda cls, a, b, c, d, e, f, g, h, i, j, k, m, n, o: _make(cls, (a, b, c, d, e, f, g, h, i, j, k, m, n, o)),
    )

    def _constructor(name, fields, defaults):
        """The same constructor that collections.namedtuple compiles: as fast to call, and errors in the same words."""
        scope = {"_make": _make, "__builtins__": {}, "__name__": f"namedtuple_{name}"}
        if 0 < len(fields) <= len(_MADE):
            code = _MADE[len(fields) - 1].__code__.replace(co_varnames=("cls", *fields), co_name="__new__")
            new = _Function(code, scope)
        else:
            values = "".join([f"{field}, " for field in fields])
            new = eval(f"lambda cls, {', '.join(fields)}: _make(cls, ({values}))", scope)
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
