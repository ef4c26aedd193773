"""Folders that a command writes into."""

from pathlib import Path

from agestat.errors import AgestatError


def make_folders(*folders: Path) -> None:
    """Make them where they are not there; raises `AgestatError` if one cannot be made."""
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AgestatError(
                "{folder} cannot be made ({reason}): give another folder.",
                folder=folder,
                reason=error.strerror,
            ) from error
