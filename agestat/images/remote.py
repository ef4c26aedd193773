"""Pictures that lie elsewhere: any storage that fsspec knows, named by a URL (``s3://bucket/folder``)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from agestat.errors import AgestatError
from agestat.images.decode import DecodeError
from agestat.images.kinds import is_picture_name


def list_remote(url: str) -> Iterator[tuple[str, str, int, int]]:
    """Root, path, bytes and time (ns) of the files below ``url`` that are named as pictures, by path.

    Raises `AgestatError` where there is nothing, or no package for its kind of storage.
    """
    try:
        import fsspec

        system, folder = fsspec.core.url_to_fs(url)
        found = system.find(folder, detail=True)
    except (ImportError, ValueError, OSError) as error:
        raise AgestatError("{url} cannot be listed ({reason}).", url=url, reason=error) from error
    if not found:
        raise AgestatError("{url} holds no files: check the address.", url=url)
    for path, about in sorted(found.items()):
        relative = path[len(folder) :].lstrip("/") or path.rpartition("/")[2]
        if is_picture_name(relative.rpartition("/")[2]):
            yield url.rstrip("/"), relative, int(about.get("size") or 0), _changed(about)


def _changed(about: dict[str, Any]) -> int:
    """When a file was changed, nanoseconds since 1970; storages call it by many names, and 0 is unknown."""
    for name in ("mtime", "LastModified", "last_modified", "updated", "created"):
        value = about.get(name)
        if isinstance(value, datetime):
            return int(value.timestamp() * 1e9)
        if isinstance(value, int | float):
            return int(value * 1e9)
    return 0


def fetch(url: str) -> bytes:
    """The bytes of a file elsewhere. Raises `DecodeError` where they
    cannot be fetched."""
    import fsspec

    try:
        with fsspec.open(url, "rb") as stream:
            return bytes(stream.read())
    except FileNotFoundError as error:
        raise DecodeError("vanished") from error
    except Exception as error:  # every storage has errors of its own
        raise DecodeError("cannot be fetched") from error
