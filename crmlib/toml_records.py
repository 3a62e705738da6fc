"""TOML into frozen records: what does not fit a field of the record is told with its place and what was wanted."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from difflib import get_close_matches
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from crmlib.errors import SettingsError

# outside strings and comments only a key can hold such letters; TOML wants it in quotes, people do not write them
_STRANGE_KEY = re.compile(
    r'""".*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|([\w-]*[^\x00-\x7f\W][\w-]*)', re.DOTALL
)


def parse_toml(text: str) -> dict[str, Any]:
    """TOML in which keys may be written as people write them: 金额 = "amount_cny". Raises TOMLDecodeError."""
    return tomllib.loads(_STRANGE_KEY.sub(lambda m: f'"{m[1]}"' if m[1] else m[0], text))


def lay_over(base: dict, own: dict) -> dict:
    """`own` over `base`, key by key."""
    both = {
        k: lay_over(base[k], v) if isinstance(v, dict) and isinstance(base.get(k), dict) else v for k, v in own.items()
    }
    return {**base, **both}


def read_record(kind: Any, node: Any, where: str, *, file: str, problems: list[SettingsError]) -> Any:
    """`node` of TOML as `kind`; what does not fit is added to `problems`."""
    origin, args = get_origin(kind), get_args(kind)
    if kind is Any:
        return node
    if is_dataclass(kind) and isinstance(node, dict):
        hints = get_type_hints(kind)
        for key in node.keys() - hints.keys():
            near = get_close_matches(key, hints, n=1)
            problems.append(
                SettingsError(
                    "error.setting_unknown" if near else "error.setting_unknown_far",
                    **({"near": near[0]} if near else {"known": ", ".join(hints)}),
                    file=file, where=f"[{where}]" if where else file, key=key,
                )
            )  # fmt: skip
        given = {
            k: read_record(hints[k], node[k], f"{where}.{k}".strip("."), file=file, problems=problems)
            for k in hints
            if k in node
        }
        missing = [f.name for f in fields(kind) if f.name not in node and _no_default(f)]
        for key in missing:
            problems.append(SettingsError("error.setting_missing", file=file, where=where, key=key))
        return None if missing else kind(**given)
    if origin in (Mapping, dict, get_origin(Mapping[str, str])) and isinstance(node, dict):
        return {
            key: read_record(args[1], value, f"{where}.{key}", file=file, problems=problems)
            for key, value in node.items()
        }
    if origin is tuple and isinstance(node, list):
        numbered = [f"{where} #{n}" if is_dataclass(args[0]) else where for n in range(1, len(node) + 1)]
        return tuple(
            read_record(args[0], one, at, file=file, problems=problems) for one, at in zip(node, numbered, strict=True)
        )
    if origin is Literal and node in args:
        return node
    if origin in (Union, UnionType):
        return read_record(next(a for a in args if a is not type(None)), node, where, file=file, problems=problems)
    if kind is float and isinstance(node, int) and not isinstance(node, bool):
        return float(node)
    if isinstance(kind, type) and isinstance(node, kind) and not (kind is not bool and isinstance(node, bool)):
        return node
    wanted = " | ".join(map(str, args)) if origin is Literal else getattr(kind, "__name__", str(kind))
    problems.append(SettingsError("error.setting_type", file=file, where=where, wanted=wanted, found=repr(node)))
    return None


def _no_default(one: Any) -> bool:
    return one.default is MISSING and one.default_factory is MISSING
