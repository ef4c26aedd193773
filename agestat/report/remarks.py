"""Pictures that were read otherwise than others, counted."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agestat.report.language import Language

if TYPE_CHECKING:
    from agestat.analysis.scan import Scan


def remarks(scan: "Scan", t: Language) -> Iterator[str]:
    """One sentence for each way in which some were."""
    count = scan.remarks
    for name, sentence in (
        ("part", lambda n: t.ngettext("{number} read in part: the end of the file is missing",
                                      "{number} read in part: the ends of the files are missing", n)),
        ("turned", lambda n: t.ngettext("{number} turned upright to judge its faces",
                                        "{number} turned upright to judge their faces", n)),
        ("tiles", lambda n: t.ngettext("{number} looked at closely for small faces",
                                       "{number} looked at closely for small faces", n)),
        ("limited", lambda n: t.ngettext("{number} too large to look at closely everywhere",
                                         "{number} too large to look at closely everywhere", n)),
        ("pages", lambda n: t.ngettext("{number} more page in files of several pictures: not read",
                                       "{number} more pages in files of several pictures: not read", n)),
    ):  # fmt: skip
        if count[name]:
            yield sentence(count[name])
