"""A zip file is a folder: its members by the names people gave them, weighed before anything is unpacked. Light."""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO

from crmlib.errors import DataError

MOST_MEMBERS = 5_000
MOST_BYTES = 4 << 30  # of all members, unpacked
MOST_RATIO, RATIO_FROM = 250, 50 << 20  # text shrinks to a tenth, a bomb to a thousandth; small files do no harm
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_UTF8, _ENCRYPTED = 0x800, 0x1
_WORKBOOKS = {"xl/workbook.xml", "xl/workbook.bin", "content.xml"}


def list_members(path: Path, *, file: str) -> dict[str, int]:
    """Name → place in the archive, for every visible file in it; equal names are numbered. Empty for a workbook.

    Raises DataError where the zip is damaged, encrypted or would unpack into more than can be meant.
    """
    with _refusing(file), zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
    check_size(infos, file=file)
    found: dict[str, int] = {}
    for place, info in enumerate(infos):
        if info.filename in _WORKBOOKS:
            return {}
        parts = [part for part in member_name(info).split("/") if part not in ("", ".", "..")]
        if info.is_dir() or not parts or any(part.startswith((".", "~$", "__MACOSX")) for part in parts):
            continue
        if info.flag_bits & _ENCRYPTED:
            raise DataError("error.archive_encrypted", file=file)
        if info.compress_type not in _METHODS:
            raise DataError("error.archive_method", file=file, member="/".join(parts), method=info.compress_type)
        name, n = "/".join(parts), 1
        while name in found:
            n += 1
            name = str(PurePosixPath(*parts).with_stem(f"{PurePosixPath(parts[-1]).stem}·{n}"))
        found[name] = place
    return found


def check_size(infos: list[zipfile.ZipInfo], *, file: str) -> None:
    """By the sizes the archive itself states: no more than those is ever unpacked."""
    total, packed = sum(one.file_size for one in infos), sum(one.compress_size for one in infos)
    if len(infos) > MOST_MEMBERS:
        raise DataError("error.archive_members", file=file, n=len(infos), most=MOST_MEMBERS)
    if total > MOST_BYTES or (total > RATIO_FROM and total > MOST_RATIO * packed):
        size, most = f"{total >> 20:,} MB", f"{MOST_BYTES >> 20:,} MB"
        raise DataError("error.archive_bomb", file=file, size=size, packed=f"{packed / 2**20:,.1f} MB", most=most)


def member_name(info: zipfile.ZipInfo) -> str:
    """Chinese programs write names in GBK and do not say so; the standard then reads them as those of an old PC."""
    if info.flag_bits & _UTF8:
        return info.filename
    raw = info.orig_filename.encode("cp437").partition(b"\0")[0]
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding).replace("\\", "/")
        except UnicodeDecodeError:
            continue
    return info.filename


@contextmanager
def unpacked(path: Path, member: int, *, name: str) -> Iterator[Path]:
    """One member as a file, for as long as the block lasts."""
    with TemporaryDirectory(prefix="crm-") as folder:
        target = Path(folder, "member").with_suffix(PurePosixPath(name).suffix)
        with _open(path, member, name) as source, target.open("wb") as file:
            while part := source.read(1 << 20):
                file.write(part)
        if target.suffix.lower() == ".zip" and list_members(target, file=name):
            raise DataError("error.archive_nested", file=name)
        yield target


def member_sha256(path: Path, member: int, *, name: str) -> str:
    digest = hashlib.sha256()
    with _open(path, member, name) as source:
        while part := source.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


@contextmanager
def _open(path: Path, member: int, name: str) -> Iterator[IO[bytes]]:
    with _refusing(name), zipfile.ZipFile(path) as archive, archive.open(archive.infolist()[member]) as source:
        yield source


@contextmanager
def _refusing(file: str) -> Iterator[None]:
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        UnicodeError,
        ValueError,
        IndexError,
    ) as error:
        raise DataError("error.file_damaged", file=file, detail=str(error)[:200]) from None
    except RuntimeError:  # so zipfile says that a password is wanted
        raise DataError("error.archive_encrypted", file=file) from None
    except OSError as error:
        raise DataError("error.file_unreadable", file=file, detail=error.strerror or error) from None
