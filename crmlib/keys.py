"""The key: what makes tokens and row ids of this home its own, and opens its vault. It lies elsewhere."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from crmlib.errors import DataError, KeyMissing
from crmlib.home import Home
from crmlib.masking import through_distinct

if TYPE_CHECKING:
    import pandas as pd

ID_LENGTH = 20  # hex digits of a token and of a row id: two of 10⁹ are equal once in 2 million books
_MAGIC = b"crm1"


class Key:
    """One secret, three uses, each under a subkey of its own: tokens, row ids, sealing."""

    def __init__(self, secret: bytes, *, path: Path | None = None, minted: bool = False) -> None:
        """`path` is where it was read; `minted` says that it was made just now, so that its owner is told to keep a copy."""
        if len(secret) < 16:
            raise ValueError("a key has 16 bytes or more")
        self.path, self.minted = path, minted
        self._token, self._row, self._seal, mark = (
            hmac.digest(secret, f"crmlib {use}".encode(), "sha256") for use in ("token", "row", "seal", "fingerprint")
        )
        self._hash = hashlib.blake2b(digest_size=ID_LENGTH // 2, key=self._row)
        self.fingerprint = mark.hex()[:16]

    def __repr__(self) -> str:
        return f"Key(fingerprint={self.fingerprint!r})"

    def __reduce__(self):
        raise TypeError("a key is not pickled: pass its home and load it there")

    def token(self, kind: str, value: str | None) -> str | None:
        """The same 20 hex digits for the same value in this home, and no way back. Missing stays missing."""
        text = as_text(value)
        return (
            None if text is None else hmac.digest(self._token, f"{kind}\x1f{text}".encode(), "sha256").hex()[:ID_LENGTH]
        )

    def tokens(self, kind: str, values: "pd.Series") -> "pd.Series":
        """token for a column, through its distinct values."""
        return through_distinct(values.astype("str"), lambda value: self.token(kind, value))

    def row_id(self, *parts: object) -> str:
        """A keyed hash of the parts in their order; missing and empty differ, "a","bc" and "ab","c" differ."""
        return self._row_id("\x1f".join(map(_escaped, parts)).encode())

    def row_ids(self, rows: "pd.DataFrame") -> "pd.Series":
        """row_id for each row, its columns the parts."""
        import pandas as pd

        ids = [self._row_id(joined) for joined in _joined([values for _, values in rows.items()])]
        return pd.Series(ids, index=rows.index, dtype="str", name="row_id")

    def _row_id(self, joined: bytes) -> str:
        one = self._hash.copy()
        one.update(joined)
        return one.hexdigest()

    def seal(self, data: bytes, *, name: str = "") -> bytes:
        """Encrypted with AES-GCM and bound to `name`: a sealed file moved to another name does not open."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(12)
        head = _MAGIC + bytes.fromhex(self.fingerprint)
        return head + nonce + AESGCM(self._seal).encrypt(nonce, data, head + name.encode())

    def open(self, sealed: bytes, *, name: str = "") -> bytes:
        """What was sealed. KeyMissing if by another key, DataError if it was changed or is cut short."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        head, nonce, body = sealed[:12], sealed[12:24], sealed[24:]
        if head[:4] != _MAGIC or len(body) < 16:
            raise DataError("error.seal_broken", name=name or "–")
        if head[4:].hex() != self.fingerprint:
            raise KeyMissing("error.key_other", name=name or "–", expected=head[4:].hex(), found=self.fingerprint)
        try:
            return AESGCM(self._seal).decrypt(nonce, body, head + name.encode())
        except InvalidTag:
            raise DataError("error.seal_broken", name=name or "–") from None


SAMPLE_KEY = Key(b"the sample holds invented people")  # public on purpose: the sample and the tests hide nobody


def as_text(value: object) -> str | None:
    """How a value is written before it is hashed: 7 and 7.0 alike, days in ISO form, missing is None."""
    if isinstance(value, str):
        return value
    if value is None or type(value).__name__ in ("NAType", "NaTType") or value != value:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(value)


def _escaped(part: object) -> str:
    text = as_text(part)
    return "\x1e2" if text is None else text.replace("\x1e", "\x1e0").replace("\x1f", "\x1e1")


def _joined(columns: Iterable[Iterable]) -> list[bytes]:
    """The parts of each row in one text, as row_id joins them, a column at a time."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = []
    for values in columns:
        if str(getattr(values, "dtype", "")) in ("str", "string"):
            column = pa.array(values, from_pandas=True).cast(pa.large_string())
        else:
            column = pa.array([v if type(v) is str else as_text(v) for v in values], pa.large_string())
        for old, new in (("\x1e", "\x1e0"), ("\x1f", "\x1e1")):
            if pc.any(pc.match_substring(column, old)).as_py():
                column = pc.replace_substring(column, old, new)
        texts.append(column.fill_null("\x1e2"))
    if not texts:
        return []
    joined = pc.binary_join_element_wise(*texts, pa.scalar("\x1f", pa.large_string()))
    return joined.cast(pa.large_binary()).to_pylist()  # in UTF-8 already


# ── where it lies ──────────────────────────────────────────────────────────────────────────────────────────────────────


def home_id(home: Home) -> str:
    """What names this home's key file; made once, kept in data/home.id, so that a moved or restored home finds its key."""
    path = home.data / "home.id"
    if not path.exists():
        home.data.mkdir(parents=True, exist_ok=True)
        path.write_text(secrets.token_hex(6) + "\n", encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def key_path(home: Home) -> Path:
    """$CRM_KEY_FILE, else the user's config folder: never inside the home, which is copied and shared."""
    if given := os.environ.get("CRM_KEY_FILE"):
        return Path(given).expanduser()
    import platformdirs

    return Path(platformdirs.user_config_dir("crmlib", appauthor=False)) / f"{home_id(home)}.key"


def book_fingerprint(home: Home) -> str | None:
    """The fingerprint of the key that the book and the vault were made with."""
    path = home.book / "key.fingerprint"
    return path.read_text(encoding="ascii").strip() if path.exists() else None


def is_empty(home: Home) -> bool:
    """Neither a book nor a sealed batch: nothing that a key would have to fit."""
    return not (home.book / "CURRENT").exists() and not any(home.vault.glob("*.sealed"))


def load_key(home: Home, *, mint: bool = False, sample: bool = False) -> Key:
    """The key that fits this home's book.

    mint: where the book is empty, make one if there is none (`key.minted`, `key.path`), and write its fingerprint beside
    the book. sample: the empty book is to hold the sample, whose key is public. KeyMissing where the key is not there or
    is another one: reading goes on without it, an import stops.
    """
    expected = None if is_empty(home) else book_fingerprint(home)
    if expected == SAMPLE_KEY.fingerprint or (sample and expected is None):
        key = SAMPLE_KEY
    else:
        key = _read_or_mint(key_path(home), mint=mint and is_empty(home))
    if expected not in (None, key.fingerprint):
        raise KeyMissing("error.key_different", path=key.path, expected=expected, found=key.fingerprint)
    if mint and expected is None:
        home.book.mkdir(parents=True, exist_ok=True)
        (home.book / "key.fingerprint").write_text(key.fingerprint + "\n", encoding="ascii")
    return key


def _read_or_mint(path: Path, *, mint: bool) -> Key:
    if path.exists():
        return _read_key(path)
    if not mint:
        raise KeyMissing("error.key_missing", path=path)
    secret = secrets.token_bytes(32)
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secret.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return Key(secret, path=path, minted=True)


def _read_key(path: Path) -> Key:
    try:
        return Key(bytes.fromhex(path.read_text(encoding="ascii").strip()), path=path)
    except (ValueError, OSError):
        raise KeyMissing("error.key_unreadable", path=path) from None
