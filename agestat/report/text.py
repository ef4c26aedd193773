"""Text from outside (paths, EXIF, group names) made safe to show."""

import re

_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: object) -> str:
    """``text`` with control characters, direction overrides and undecodable bytes spelled as escapes.

    A folder may be named with terminal commands or with bytes that are no UTF-8; neither may reach a screen.
    """
    return _INVISIBLE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), str(text))
