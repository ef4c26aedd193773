"""Why a file gives no picture: one short reason in words per cause."""

import errno
import os

from agestat.errors import AgestatError

ELSEWHERE = "not downloaded"
NOT_REGULAR = "not a regular file"
UNSUPPORTED = "unsupported format"
ODD_JPEG = "unsupported kind of JPEG"  # 12 bits a sample, lossless, hierarchical
ODD_TIFF = "this TIFF needs agestat[tiff]"
TEXT_MODE = "changed by a transfer in text mode"  # carriage returns are gone for good
NO_PREVIEW = "raw file without a large preview"
TOO_LARGE = "too many pixels"
# Reasons that lie in the bytes: the same bytes will fail again. All others are worth another try.
LASTING = frozenset(
    {
        "damaged",
        "truncated",
        "not a picture",
        "empty file",
        TOO_LARGE,
        UNSUPPORTED,
        ODD_JPEG,
        NO_PREVIEW,
        TEXT_MODE,
    }
)


class DecodeError(AgestatError):
    """A file that gives no picture. The text is a short reason in words, the same for the same cause."""


def os_reason(error: OSError) -> str:
    """An operating system's or Pillow's error as a short reason."""
    known = {
        errno.ENOENT: "vanished",
        errno.ENOTDIR: "vanished",
        errno.EACCES: "no permission",
        errno.EPERM: "no permission",
        errno.ENAMETOOLONG: "path too long",
        errno.ELOOP: "link loop",
        errno.ENXIO: NOT_REGULAR,
        errno.EISDIR: NOT_REGULAR,
        errno.ENOMEM: "out of memory",
        errno.EINVAL: "damaged",  # a picture that points to where no file can be
    }
    if error.errno is not None:
        return known.get(error.errno, f"cannot be read ({os.strerror(error.errno)})")
    return "truncated" if "truncated" in str(error).lower() else "damaged"
