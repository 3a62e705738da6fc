"""The command `crm`: words in, exit codes out."""

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from crmlib import commands
from crmlib.errors import CrmError, UsageError
from crmlib.labels import LANGS, Say, speaker
from crmlib.schedule import PERIOD


def one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise argparse.ArgumentTypeError(f"{text} is none of {', '.join(words)}")
        return text

    return read


def whole(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is no number")
    return int(text)


# command → its arguments; what each is for stands in labels.toml: cli.argument.<command>_<name>, else cli.argument.<name>
COMMANDS: dict[str, dict[str, dict[str, Any]]] = {
    "run": {
        "--period": {"default": "last", "metavar": "2024-06"},
        "--inbox": {"type": Path, "action": "append", "default": [], "metavar": "PATH"},
        "--label": {"default": "", "metavar": "TEXT"},
        "--book": {"default": "", "metavar": "v12"},
        "--jobs": {"type": whole, "default": 2, "metavar": "N"},
        "--role": {"default": "", "metavar": "ROLE"},
    },
    "runs": {},
    "import": {"paths": {"nargs": "+", "metavar": "PATH|URL"}, "--table": {"default": "", "metavar": "NAME"}},
    "template": {"table": {"metavar": "TABLE"}, "--out": {"type": Path, "metavar": "FILE"}},
    "show": {"customer": {"metavar": "CUSTOMER"}},
    "decide": {
        "verdict": {"type": one_of("same", "different"), "metavar": "same|different"},
        "sides": {"nargs": "+", "metavar": "ROW"},
        "--why": {"default": "", "metavar": "TEXT"},
    },
    "undo": {"id": {"type": whole, "metavar": "LINE"}, "--why": {"default": "", "metavar": "TEXT"}},
    "match-quality": {"labels": {"type": Path, "nargs": "?", "metavar": "LABELS.csv"}},
    "trace": {
        "figure": {"metavar": "FIGURE"},
        "--period": {"default": "last", "metavar": "2024-06"},
        "--out": {"type": Path, "metavar": "FILE"},
    },
    "review": {
        "text": {"metavar": "TEXT"},
        "--period": {"default": "last", "metavar": "2024-06"},
        "--about": {"default": "", "metavar": "ID"},
        "--state": {"default": "", "metavar": "done|doing|not_done|dropped"},
        "--next": {"default": "", "metavar": "TEXT"},
    },
    "scan": {"paths": {"type": Path, "nargs": "+", "metavar": "PATH"}},
    "sample": {
        "directory": {"type": Path, "metavar": "DIR"},
        "--customers": {"type": whole, "default": 600, "metavar": "N"},
        "--seed": {"type": int, "default": 7, "metavar": "N"},
        "--truth": {"type": Path, "metavar": "FILE"},
    },
    "schedule": {"every": {"type": one_of(*PERIOD), "metavar": "|".join(PERIOD)}},
}
COMMON: dict[str, dict[str, Any]] = {
    "--home": {"type": Path, "default": argparse.SUPPRESS, "metavar": "DIR"},
    "--lang": {"type": one_of(*LANGS), "default": argparse.SUPPRESS, "metavar": "zh|en"},
}
# what argparse says of words that do not fit → ours
_SAID = {
    r"the following arguments are required: (?P<what>.+)": "error.cli_missing",
    r"argument (?P<what>\S+): expected": "error.cli_value",
    r"argument COMMAND: invalid choice: '(?P<what>[^']*)'": "error.cli_command",
    r"argument (?P<what>\S+): (?P<found>.*) is none of (?P<known>.*)": "error.cli_choice",
    r"argument (?P<what>\S+): (?P<found>.*) is no number": "error.cli_number",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 unexpected, 2 stopped by a check or a notebook, 3 bad usage, input or settings."""
    argv = sys.argv[1:] if argv is None else list(argv)
    lang = _language(argv)
    try:
        args = read_arguments(argv, say=speaker(lang))
        return args.action(args, speaker(args.lang)) or 0
    except SystemExit as stop:  # help was asked for, or is all that can be said
        return int(stop.code or 0)
    except CrmError as error:
        print(error.message(lang), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(speaker(lang)("error.interrupted"), file=sys.stderr)
        return 1
    except Exception as error:  # anything else is ours: short words for the user, the rest on request
        if os.environ.get("CRM_DEBUG"):
            raise
        print(speaker(lang)("error.unexpected", kind=type(error).__name__, detail=error), file=sys.stderr)
        return 1


def read_arguments(argv: Sequence[str], *, say: Say) -> argparse.Namespace:
    """What the words ask for. Raises UsageError for those that do not fit, with the nearest that would."""
    parser = build_parser(say)
    if not argv:
        parser.print_help(sys.stderr)
        raise SystemExit(3)
    args, rest = parser.parse_known_args(argv)
    if rest:
        known = [name for name in (*COMMANDS[args.command], *COMMON) if name.startswith("-")]
        near = get_close_matches(rest[0], known, n=1)
        raise UsageError("error.cli_unknown", command=args.command, found=rest[0], known=", ".join(near or known))
    return args


def build_parser(say: Say) -> argparse.ArgumentParser:
    parser = _Parser("crm", say("cli.about"), say, epilog=say("cli.more"))
    parser.set_defaults(home=None, lang=say.lang)
    verbs = parser.add_subparsers(title=say("cli.commands"), dest="command", required=True, metavar="COMMAND")
    for command, arguments in COMMANDS.items():
        text = say(f"cli.command.{command}")
        one = verbs.add_parser(command, prog=f"crm {command}", about=text, say=say, help=text)
        one.set_defaults(action=getattr(commands, f"do_{command.replace('-', '_')}"))
        for name, kind in arguments.items():
            one.tell(name, kind, command=command)
        one.tell_common()
    parser.tell_common()
    return parser


class _Parser(argparse.ArgumentParser):
    """argparse in the kit's words."""

    def __init__(self, prog: str, about: str, say: Say, **rest: Any) -> None:
        def formatter(prog: str) -> argparse.HelpFormatter:
            return argparse.RawDescriptionHelpFormatter(prog, max_help_position=30, width=110)

        super().__init__(prog, description=about, formatter_class=formatter, add_help=False, **rest)
        self._say = say
        self._needed = self.add_argument_group(say("cli.needed"))
        self._options = self.add_argument_group(say("cli.options"))

    def tell(self, name: str, kind: dict[str, Any], *, command: str = "") -> None:
        own = f"cli.argument.{command}_{name.lstrip('-')}"
        text = self._say(own if self._say.has(own) else f"cli.argument.{name.lstrip('-')}")
        (self._options if name.startswith("-") else self._needed).add_argument(name, help=text, **kind)

    def tell_common(self) -> None:
        for name, kind in COMMON.items():
            self.tell(name, kind)
        self._options.add_argument("-h", "--help", action="help", help=self._say("cli.argument.help"))

    def error(self, message: str) -> NoReturn:
        for pattern, key in _SAID.items():
            if found := re.match(pattern, message):
                near = get_close_matches(found["what"], COMMANDS, n=1) or COMMANDS
                raise UsageError(key, command=self.prog, near=", ".join(near), **found.groupdict())
        raise UsageError("error.cli_other", command=self.prog, what=message)


def _language(argv: Sequence[str]) -> str:
    """--lang, wherever it stands, else $CRM_LANG: the help and the mistakes are told in it, too."""
    words = [*argv, ""]
    said = [
        words[at + 1] if word == "--lang" else word[7:] for at, word in enumerate(argv) if word.startswith("--lang")
    ]
    return next((one for one in [*said, os.environ.get("CRM_LANG", "")] if one in LANGS), "zh")


if __name__ == "__main__":
    sys.exit(main())
