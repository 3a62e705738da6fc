"""A note is a sentence for the reader that can be said again in the other language."""

from crmlib.labels import speaker


class Note(str):
    """Reads as Chinese text; `note.message("en")` says the same in English."""

    key: str
    blanks: dict[str, object]

    def __new__(cls, key: str, /, **blanks: object) -> "Note":
        note = super().__new__(cls, speaker("zh")(key, **blanks))
        note.key, note.blanks = key, blanks
        return note

    def __getnewargs_ex__(self):  # notes cross process borders
        return (self.key,), self.blanks

    def message(self, lang: str = "zh") -> str:
        return speaker(lang)(self.key, **self.blanks)
