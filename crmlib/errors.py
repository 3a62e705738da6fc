"""What can go wrong, each with the exit code it ends a run with: wanted, found, where, and what to do."""

from collections.abc import Sequence


class CrmError(Exception):
    """An error that a user can act on. `key` names its words in labels.toml; `blanks` fill them."""

    exit_code = 1
    lang = "zh"  # what str() speaks

    def __init__(self, key: str, /, **blanks: object) -> None:
        super().__init__(key, blanks)
        self.key, self.blanks = key, blanks
        self.parts: Sequence[CrmError] = ()

    @classmethod
    def of(cls, problems: Sequence["CrmError"]) -> "CrmError":
        """Every mistake at once: one error whose message lists all of them."""
        error = cls(problems[0].key, **problems[0].blanks)
        error.parts = tuple(problems)
        return error

    def message(self, lang: str = "zh") -> str:
        from crmlib.labels import speaker  # errors are raised while labels are read

        if self.parts:
            return "\n".join(part.message(lang) for part in self.parts)
        return speaker(lang)(self.key, **self.blanks)

    def __str__(self) -> str:
        return self.message(self.lang)

    def __reduce__(self):  # errors cross process borders
        return _rebuild, (type(self), self.key, self.blanks, tuple(self.parts))


def _rebuild(kind: type[CrmError], key: str, blanks: dict, parts: tuple) -> CrmError:
    error = kind(key, **blanks)
    error.parts = parts
    return error


class DataError(CrmError):
    """The input is not what it should be."""

    exit_code = 3


class SettingsError(CrmError):
    """settings.toml, labels.toml or dictionary.toml says something that cannot be."""

    exit_code = 3


class UsageError(CrmError):
    """The command or a parameter is off."""

    exit_code = 3


class KeyMissing(CrmError):
    """The vault's key is not there, or is another one."""

    exit_code = 3


class CheckError(CrmError):
    """A self-check stopped the run: nothing is published."""

    exit_code = 2


class NotebookError(CrmError):
    """A notebook failed: nothing is published."""

    exit_code = 2
