"""What a file is by its name: a picture, another kind, or something that a machine keeps beside pictures.

Names alone are asked, so that a folder of thumbnails costs its listing and nothing else.
"""

import re
from collections.abc import Iterable, Sequence
from fnmatch import translate
from functools import cached_property

from agestat.images import raw
from agestat.written.paths import composed

# Files with these endings were meant as pictures: one that does not open is a failure worth a row.
# Anything else in a folder counts only if its first bytes announce a picture.
_ENDING = r"\.(jpe?g|jpe|jfif|mpo|png|webp|bmp|dib|tiff?|gif|avif|hei[cf]|hif|jp2|j2k|jxl|psd|p[bgnp]m)"
_PICTURE = re.compile(f"{_ENDING}$", re.I)
# What is made of raw files.
_DEVELOPED = re.compile(r"(.+)\.(jpe?g|jpe|hei[cf]|hif|tiff?|png|webp|avif)$", re.I)
_OF_A_PAIR = re.compile(r"\.RAW-\d+\.\w+$", re.I)  # phones': 1.RAW-01.COVER.jpg, 1.RAW-02.ORIGINAL.dng
# What editors, exiftool and file managers append to a picture's name: a.jpg_original, a.jpg~, a.jpg.old
_BACKUP = re.compile(rf"(.+{_ENDING})[._~-]", re.I)
_IN_THE_CLOUD = re.compile(r"\.(.+)\.icloud$|(.+)\.(?:nextcloud|owncloud)$", re.I)
# As rsync and others name what is not yet whole.
_COPYING = re.compile(rf"\..+{_ENDING}\.(?!icloud$)[^.]+$", re.I)

THUMBNAIL, TRASH, OLDER, SYSTEM = "thumbnail", "file in the trash", "older version", "system file"
HIDDEN = "file in a hidden folder"
RAW_TWIN, BACKUP, OTHER = "raw file beside its picture", "backup of an edited file", "other file"
EDITED = "edited copy beside its picture"
LINK = "other name of a file"  # that was met already: by a link

# Names, without ending, of what programs make of a picture that lies beside it, and that picture's name.
_MADE_OF = {
    # Web sites and albums: thumb_a, tn-a, a_thumb, a-300x200, a-scaled
    THUMBNAIL: re.compile(
        r"(?:thumb(?:nail)?|tn|th)[-_.](.+)|(.+)[-_.](?:thumb(?:nail)?|tn|\d{2,4}x\d{2,4}|scaled)", re.I
    ),
    # Google's, as its archives call them in each language: a-edited, a-bearbeitet(1); and Apple's: IMG_E0001
    EDITED: re.compile(
        r"(.+)-(?:edited|effects|smile|mix|collage|animation|bearbeitet|bewerkt|modifi[eé]|modificat[oa]|"
        r"(?:ha )?editad[oa]|editat|edytowan[aeoy]|redigeret|redigert|redigerad|muokattu|upraven[oaýé]|"
        r"szerkesztett|düzenlendi|"
        r"изменено|измененн?ый|изменённый|отредактировано|відредаговано|編集済み|已修改|已編輯|已编辑|수정됨)"
        r"(\(\d+\))?|(img_)e(\d{4,5})",
        re.I,
    ),
}  # fmt: skip

# Phones' second picture of one exposure, as the portrait before its background was blurred: the one to show
# is a.PORTRAIT-01.COVER.jpg, the other a.PORTRAIT-02.ORIGINAL.jpg.
_BEFORE = re.compile(r"(.+\.[a-z_]+-)\d+\.original", re.I)

# Names of folders that machines keep, as globs.
_FOLDERS = {
    THUMBNAIL: ("@eaDir", ".@__thumb", ".thumbnails", ".thumbs", ".photoShare", "iPod Photo Cache",
                "*.lrdata", "*.cocatalog", "CaptureOne", ".photoprism", "appdata_*", "THMBNL",
                "THM", "*.lrcat-data", "@__thumb", "*.trickplay", "mipmaps-*.d", "pwg_representative",
                "resources.proxy"),
    TRASH: ("#recycle", "@Recycle", ".recycle", "$RECYCLE.BIN", "RECYCLER", "RECYCLED", ".Trash", ".Trash-*",
            ".Trashes", ".globalTrash", ".trashBin", ".dtrash", "files_trashbin", "Recycle Bin",
            "Network Trash Folder", "trashbox", "#Syno*", "SyncDebris",
            "MEGAsync Debris"),
    OLDER: ("#snapshot", ".snapshot", ".snapshots", "@Recently-Snapshot", ".zfs", ".stversions",
            "files_versions", ".picasaoriginals", "[[]Originals]", "~snapshot", "_snapshot", "@GMT-*",
            "Backups.backupdb", "_gsdata_", "FileHistory", "pCloud Rewind"),
    SYSTEM: ("__MACOSX", ".AppleDouble", ".Spotlight-V100", ".fseventsd", ".DocumentRevisions-V100",
             ".TemporaryItems", "System Volume Information", ".SynologyWorkingDirectory",
             ".dropbox.cache", ".cache", ".git", ".hg", ".svn", "Temporary Items", "lost+found",
             "*.download", "@sharebin", "@tmp", "@Syno*", "node_modules", "__pycache__", "LOST.DIR",
             "FOUND.[0-9][0-9][0-9]", "Windows.old", "MSOCache", "Config.Msi", "AppData",
             "Program Files*", "site-packages", "TheVolumeSettingsFolder", "*.musiclibrary", "*.tvlibrary",
             "$Extend", "$GetCurrent", "$SysReset", "$WinREAgent", "$WINDOWS.~*",
             "OneDriveTemp", "Temporary Internet Files", "*.app", "*.bundle",
             "*.fcpbundle", "*.imovielibrary"),
    HIDDEN: (".*",),
}  # fmt: skip
_FILES = {
    THUMBNAIL: ("*.thm", "*.ithmb", "albumart_{*", "albumartsmall.*", "thumbs.db", "ehthumbs*.db",
                ".thumbdata*", "zbthumbnail.info"),
    TRASH: (".trashed-*",),
    SYSTEM: (".pending-*", ".ds_store", "desktop.ini", ".nomedia", "*picasa.ini", ".directory", "~$*",
             "*.crdownload", "*.part", "*.partial", "*.filepart", "*.opdownload", "*.!ut", "*.tmp", ".nfs*",
             ".fuse_hidden*", ".goutputstream-*", ".~lock.*", "*.swp", "*.aria2", "*.bc!", "*.!qb", "*.!sync",
             "*.fdmdownload", "*.tdownload", "*.xltd", "*.td", "*.dtpart", "*.inprogress", "*.upload",
             "*.uploading", "*.temp", "*_exiftool_tmp", "*.sb-????????-??????", "*:zone.identifier", "#*#",
             ".#*", "icon\r"),
}  # fmt: skip
# What Google's archives call the trash in each language.
_BIN = re.compile(
    r"trash|bin|papierkorb|corbeille|papelera|cestino|lixeira|lixo|prullenbak|kosz|корзина|ゴミ箱", re.I
)
_GOOGLE_PHOTOS = re.compile(r"google (photos|fotos|foto|фото|フォト)", re.I)
# Names that say so only in a folder of another one.
_FOLDERS_IN = {
    ("cache", "thumbnails"): THUMBNAIL,
    ("cache", "thumbs"): THUMBNAIL,
    ("immich", "thumbs"): THUMBNAIL,
    ("_data", "i"): THUMBNAIL,  # Piwigo's
    ("library", "caches"): SYSTEM,
    ("android", "data"): SYSTEM,
}
# Of smaller pictures, if all of them are called as the ones beside it.
SMALLER = re.compile(r"[._]*(thumb(nail)?s?|tn|small|mini|medium|resized|reduced|previews?|web)", re.I)
# A photo library keeps the pictures themselves in one folder, and what it made of them in the others.
_LIBRARY = re.compile(
    r"\.(photoslibrary|migratedphotolibrary|photolibrary|aplibrary)$|^iPhoto Library$", re.I
)
_ORIGINALS = ("originals", "masters")  # or a year, as the first iPhotos

_ENDINGS = {
    "video": "mp4|m4v|mov|avi|mkv|webm|wmv|flv|mpe?g|m2?ts|mts|3gp|3g2|ogv|vob|insv|lrv|dv",
    "audio file": "mp3|m4a|aac|wav|flac|ogg|opus|wma|aiff?|amr",
    "PDF": "pdf",
    "archive": "zip|rar|7z|tar|gz|tgz|bz2|xz|zst|iso|dmg",
    "sidecar file": "xmp|aae|pp3|dop|cos|json|cpi|bim|ctg|gpx|nksc",
    "text": "txt|md|csv|tsv|log|html?|xml|ya?ml|ini|nfo|srt|vtt",
    "document": "docx?|xlsx?|pptx?|od[tsp]|rtf|pages|numbers|key|epub|djvu",
    "drawing": "svgz?|ai|eps|cdr|wmf|emf|dxf",
    "database": "sqlite3?|db|lrcat|mdb",
}  # fmt: skip
_KINDS = [(kind, re.compile(rf"\.({endings})$", re.I)) for kind, endings in _ENDINGS.items()]
MACHINES = (
    THUMBNAIL,
    TRASH,
    OLDER,
    SYSTEM,
    HIDDEN,
    RAW_TWIN,
    EDITED,
    BACKUP,
)  # what is left out though it may be a picture
KINDS = (*MACHINES, *_ENDINGS, OTHER, LINK)  # all that a file that is not read can be


def _named(globs: dict[str, tuple[str, ...]]) -> re.Pattern[str]:
    """A pattern whose named group is the number of the kind."""
    parts = (f"(?P<k{n}>{'|'.join(map(translate, names))})" for n, names in enumerate(globs.values()))
    return re.compile("|".join(parts), re.I)


_FOLDER_PATTERN, _FILE_PATTERN = _named(_FOLDERS), _named(_FILES)


def _kind(name: str, pattern: re.Pattern[str], kinds: Iterable[str]) -> str | None:
    match = pattern.match(name)
    return tuple(kinds)[int(str(match.lastgroup)[1:])] if match else None


def kind_of_folder(parent: str, name: str) -> str | None:
    """The kind of everything in a folder that a machine keeps; ``parent`` is the name of the folder above."""
    if _LIBRARY.search(parent) and not (name.lower() in _ORIGINALS or name.isdecimal()):
        return THUMBNAIL
    if _GOOGLE_PHOTOS.fullmatch(composed(parent)) and _BIN.fullmatch(composed(name)):
        return TRASH
    return _FOLDERS_IN.get((parent.lower(), name.lower())) or _kind(name, _FOLDER_PATTERN, _FOLDERS)


def is_picture_name(name: str) -> bool:
    """Whether a file was meant as a picture by its ending. AppleDouble's are not, whatever theirs says."""
    return bool(_PICTURE.search(name) or raw.NAME.search(name)) and not name.startswith("._")


def is_placeholder(name: str) -> bool:
    """Whether a file stands for a picture that a cloud keeps elsewhere: ``.IMG_1.HEIC.icloud``."""
    match = _IN_THE_CLOUD.match(name)
    return match is not None and is_picture_name(match[1] or match[2])


def kind_of_other(name: str) -> str:
    """The kind of a file that is no picture."""
    if name.startswith("._"):
        return SYSTEM
    kinds = (kind for kind, pattern in _KINDS if pattern.search(name))
    return _kind(name, _FILE_PATTERN, _FILES) or next(kinds, OTHER)


class Beside:
    """The names in one folder, which decide together what a file is."""

    def __init__(self, names: Sequence[str]) -> None:
        self._all = names

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self._all)

    @cached_property
    def _developed(self) -> frozenset[str]:
        return frozenset(_stem(name) for name in self._all if _DEVELOPED.match(name))

    @cached_property
    def _stems(self) -> frozenset[str]:
        return frozenset(bare(name) for name in self._all if is_picture_name(name))

    @cached_property
    def _videos(self) -> frozenset[str]:
        return frozenset(composed(name).lower() for name in self._all if kind_of_other(name) == "video")

    def _made(self, name: str) -> str | None:
        """The kind of a picture that a program made of another one here."""
        if not is_picture_name(name):
            return None
        stem = bare(name)
        if (before := _BEFORE.fullmatch(stem)) and f"{before[1]}01.cover" in self._stems:
            return EDITED
        for kind, pattern in _MADE_OF.items():
            match = pattern.fullmatch(stem)
            if match and {"".join(filter(None, match.groups())), match[1]} & self._stems:
                return kind
            if match and kind == THUMBNAIL and {*match.groups()} & self._videos:  # Telegram's: a.mp4_thumb
                return kind
        return None

    def hold_all(self, names: Iterable[str]) -> bool:
        """Whether all pictures among ``names`` are called as pictures here, or as what is made of them."""
        pictures = [name for name in names if is_picture_name(name)]
        return bool(pictures) and all(
            bare(name) in self._stems or self._made(name) == THUMBNAIL for name in pictures
        )

    def kind(self, name: str) -> str | None:
        """Why a file is left out though it may be a picture: one of `MACHINES`, or None."""
        if raw.NAME.search(name) and _stem(name) in self._developed:
            return RAW_TWIN
        if kind := _kind(name, _FILE_PATTERN, _FILES) or self._made(name):
            return kind
        if _COPYING.match(name):
            return SYSTEM
        is_backup = (backup := _BACKUP.match(name)) and backup[1] in self._names
        return BACKUP if is_backup and not is_picture_name(name) and kind_of_other(name) == OTHER else None


def bare(name: str) -> str:
    """A name without its ending, in whatever case and composition of letters."""
    return composed(name).rpartition(".")[0].lower()


def _stem(name: str) -> str:
    """What the files of one exposure share of their names: 1.NEF, 1.jpg, 1.NEF.jpg, 1.jpg.dng."""
    while ending := _DEVELOPED.match(name) or raw.NAME.search(name):
        name = name[: ending.end(1)] if ending.re is _DEVELOPED else name[: ending.start()]
    return _OF_A_PAIR.sub("", name).lower()
