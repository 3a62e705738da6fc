"""Raw file → rows that are kept, merged or quarantined. None is lost."""

from importlib import import_module

_HOMES = {
    "Read": "readers",
    "read_file": "readers",
    "map_headers": "headers",
    "standardise": "values",
    "split_rows": "checks",
    "match_rows": "matching",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
