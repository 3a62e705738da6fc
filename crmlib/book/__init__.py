"""What is known, kept safe and found again."""

__all__ = ["Book", "open_book", "publish"]


def __getattr__(name: str):
    if name in __all__:  # at first use: importing is light
        from crmlib.book import shelf

        return getattr(shelf, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
