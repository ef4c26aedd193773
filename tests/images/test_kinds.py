"""What is left out of a scan, counted by kind: every file is either read or told of."""

import errno
import os
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agestat.images.kinds import BACKUP, EDITED, HIDDEN, KINDS, OLDER, RAW_TWIN, SYSTEM, THUMBNAIL, TRASH
from agestat.images.walk import Found, Unwalkable, walk

PNG = b"\x89PNG\r\n\x1a\n"


def touch(folder, *names, data=PNG):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def walked(folder, **options):
    """Paths that are read, and kinds of the others by path."""
    others = {}
    read = list(walk([folder], leave_out=lambda file: others.update({file.path: file.kind}), **options))
    return [entry.path for entry in read], others


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg", THUMBNAIL),
        (".@__thumb/default_a.jpg", THUMBNAIL),
        (".thumbnails/1.jpg", THUMBNAIL),
        ("Previews.lrdata/0/a.jpg", THUMBNAIL),
        ("Family.photoslibrary/resources/derivatives/0/a.jpeg", THUMBNAIL),
        ("Family.photoslibrary/Thumbnails/a.jpg", THUMBNAIL),
        ("MVI_1.THM", THUMBNAIL),
        ("Thumbs.db", THUMBNAIL),
        (".trashed-1718000000-a.jpg", TRASH),
        ("#recycle/deep/er/a.jpg", TRASH),
        ("@Recycle/a.jpg", TRASH),
        ("$RECYCLE.BIN/S-1-5/$RABC.jpg", TRASH),
        (".Trash-1000/files/a.jpg", TRASH),
        (".Trashes/501/a.jpg", TRASH),
        (".stversions/a~20240101.jpg", OLDER),
        (".git/annex/objects/aa/bb/a.jpg", SYSTEM),
        ("__MACOSX/._a.jpg", SYSTEM),
        (".pending-1718000000-a.jpg", SYSTEM),
        ("PRIVATE/M4ROOT/THMBNL/C0001T01.JPG", THUMBNAIL),
        ("MISC/THM/100/DJI_0001.jpg", THUMBNAIL),
        ("Catalog.cocatalog/a.jpg", THUMBNAIL),
        ("Network Trash Folder/a.jpg", TRASH),
        ("lost+found/a.jpg", SYSTEM),
        ("a.jpg.download/a.jpg", SYSTEM),
        ("a.jpg.!ut", SYSTEM),
        (".nfs000000000001", SYSTEM),
        (".gallery3d/1.jpg", HIDDEN),
        (".wdmc/deep/er/a.jpg", HIDDEN),
        (".sync/Archive/a.jpg", HIDDEN),
        ("a.jpg.crdownload", SYSTEM),
        ("a.jpg_original", BACKUP),
        ("a.jpg~", BACKUP),
        ("A.NEF", RAW_TWIN),
        ("a.NEF.jpg.dng", RAW_TWIN),
        ("a.RAW-02.ORIGINAL.dng", RAW_TWIN),
        ("a.gpr", RAW_TWIN),
        ("a-edited.jpg", EDITED),
        ("a-edited(1).jpg", EDITED),
        ("a-bearbeitet.JPG", EDITED),
        (unicodedata.normalize("NFC", "a-modifié.jpg"), EDITED),
        (unicodedata.normalize("NFD", "a-modifié.png"), EDITED),
        ("A-ha editado.heic", EDITED),
        ("a-edytowane.jpg", EDITED),
        ("a-編集済み.jpg", EDITED),
        ("a-изменено.jpg", EDITED),
        ("a-150x150.jpg", THUMBNAIL),
        ("a-scaled.jpg", THUMBNAIL),
        ("thumb_a.jpg", THUMBNAIL),
        ("TN-a.JPG", THUMBNAIL),
        ("a_thumb.jpg", THUMBNAIL),
        ("Windows.old/Users/me/b.jpg", SYSTEM),
        ("thumbs/a.jpg", THUMBNAIL),
        ("Small/A.webp", THUMBNAIL),
        ("_thumbnails/thumb_a.png", THUMBNAIL),
        ("photoprism/storage/cache/thumbnails/b.jpg", THUMBNAIL),
        ("_data/i/b-me.jpg", THUMBNAIL),
        ("Library/Caches/b.jpg", SYSTEM),
        ("SyncDebris/b.jpg", TRASH),
        ("FileHistory/b.jpg", OLDER),
        ("a.jpg.old", BACKUP),
        ("a.jpg.~1~", BACKUP),
        ("a.jpg_bak", BACKUP),
        ("a.jpg.1", BACKUP),
        ("#a.jpg#", SYSTEM),
        (".a.jpg.Xy12ab", SYSTEM),
        ("a.jpg.sb-1a2b3c4d-Xyz123", SYSTEM),
        ("a.jpg.aria2", SYSTEM),
        ("b.jpg_exiftool_tmp", SYSTEM),
        ("F0001.ithmb", THUMBNAIL),
        ("iPhoto Library/Thumbnails/a.jpg", THUMBNAIL),
        ("Film.trickplay/320/0.jpg", THUMBNAIL),
        ("@__thumb/a.jpg", THUMBNAIL),
        ("trashbox/a.jpg", TRASH),
        ("[Originals]/a.jpg", OLDER),
        ("@GMT-2024.01.01-00.00.00/a.jpg", OLDER),
        ("~snapshot/daily/a.jpg", OLDER),
        ("$WINDOWS.~BT/a.jpg", SYSTEM),
        ("Viewer.app/Contents/a.png", SYSTEM),
        ("LOST.DIR/1", SYSTEM),
        ("Takeout/Google Photos/Bin/b.jpg", TRASH),
        ("Google Фото/Корзина/b.jpg", TRASH),
        ("AlbumArt_{0A-1B}_Large.jpg", THUMBNAIL),
        ("a.jpg:Zone.Identifier", SYSTEM),
    ],
)
def test_what_machines_keep_is_left_out_by_kind(tmp_path, name, kind):
    touch(tmp_path, "a.jpg", name)
    assert walked(tmp_path) == (["a.jpg"], {name: kind})
    assert sorted(walked(tmp_path, all_files=True)[0]) == sorted(["a.jpg", name])


def test_pictures_of_videos_beside_them_are_thumbnails(tmp_path):
    touch(tmp_path, "video_1@11-06-2024.MP4", data=b"no picture")
    touch(tmp_path, "video_1@11-06-2024.mp4_thumb.jpg", "video_2@11-06-2024.mp4_thumb.jpg")
    assert walked(tmp_path) == (
        ["video_2@11-06-2024.mp4_thumb.jpg"],
        {"video_1@11-06-2024.MP4": "video", "video_1@11-06-2024.mp4_thumb.jpg": THUMBNAIL},
    )


def test_edits_are_told_by_the_names_of_their_own_picture(tmp_path):
    """Those of Apple carry a letter, those of Google's copies their number; other numbers are other
    pictures."""
    edits = ["IMG_E0001.JPG", "b-edited(2).jpg", "PXL_1.PORTRAIT-02.ORIGINAL.jpg", "b-2-ANIMATION.gif"]
    pictures = ["IMG_0001.HEIC", "IMG_0002.JPG", "IMG_E0003.JPG", "b(2).jpg", "b (1).jpg", "b-2.jpg"]
    pictures += ["PXL_1.PORTRAIT-01.COVER.jpg", "PXL_2.PORTRAIT-02.ORIGINAL.jpg", "c-COLLAGE.jpg"]
    touch(tmp_path, *edits, *pictures)
    read, others = walked(tmp_path)
    assert (sorted(read), others) == (sorted(pictures), dict.fromkeys(edits, EDITED))


@pytest.mark.parametrize(
    "name",
    [
        "small/b.jpg",
        "Bin/a.jpg",
        "a.mp4_thumb.jpg",
        "i/a.jpg",
        "Caches/a.jpg",
        "a-edited.jpg",
        "IMG_E0001.JPG",
        "thumb_a.jpg",
        "a-300x200.jpg",
        "a.jpg_original",
        "a.NEF",
        "Family.photoslibrary/originals/0/a.jpeg",
        "trash/a.jpg",
        "thumbs/a.jpg",
        "a.jpg.1",
        "a.jpg.old",
        "O/a.jpg",
        "iPhoto Library/2004/05/03/a.jpg",
        "$100/a.jpg",
        "applications/a.jpg",
        "Originals/a.jpg",
        "a.jpg.jpg",
        "#1.jpg",
    ],
)
def test_pictures_that_only_look_like_it_are_read(tmp_path, name):
    touch(tmp_path, name)
    assert walked(tmp_path) == ([name], {})


def test_a_folder_that_the_user_names_is_read(tmp_path):
    touch(tmp_path, ".thumbnails/1.jpg", ".thumbnails/@eaDir/2.jpg")
    assert walked(tmp_path / ".thumbnails") == (["1.jpg"], {"@eaDir/2.jpg": THUMBNAIL})
    touch(tmp_path, "My.photoslibrary/originals/1.jpg", "My.photoslibrary/resources/2.jpg")
    assert walked(tmp_path / "My.photoslibrary") == (["originals/1.jpg"], {"resources/2.jpg": THUMBNAIL})


def test_links_into_what_is_left_out_are_read_under_their_own_name(tmp_path):
    touch(tmp_path, ".git/annex/objects/1.jpg")
    (tmp_path / "2019").mkdir()
    (tmp_path / "2019" / "a.jpg").symlink_to("../.git/annex/objects/1.jpg")
    assert walked(tmp_path) == (["2019/a.jpg"], {".git/annex/objects/1.jpg": SYSTEM})


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.MP4", "video"),
        ("a.mov", "video"),
        ("a.m4a", "audio file"),
        ("a.pdf", "PDF"),
        ("takeout.zip", "archive"),
        ("a.jpg.json", "sidecar file"),
        ("a.xmp", "sidecar file"),
        ("notes.txt", "text"),
        ("table.xlsx", "document"),
        ("a.svg", "drawing"),
        ("no ending", "other file"),
        ("._a.jpg", SYSTEM),
        (".DS_Store", SYSTEM),
    ],
)
def test_files_of_other_kinds_are_counted(tmp_path, name, kind):
    touch(tmp_path, name, data=b"no picture")
    assert walked(tmp_path) == ([], {name: kind})


NAMES = [
    "a.jpg",
    "a.NEF",
    "A.jpg_original",
    "a.jpg_original",
    "b.mp4",
    "._a.jpg",
    "c",
    "d.txt",
    "e.THM",
    "f.dng",
]
FOLDERS = ["", "x", "@eaDir", ".git", "L.photoslibrary", "originals", "é", "#recycle"]


@settings(max_examples=60, deadline=None)
@given(
    files=st.sets(
        st.tuples(st.lists(st.sampled_from(FOLDERS), max_size=3), st.sampled_from(NAMES)).map(
            lambda file: "/".join(filter(None, [*file[0], file[1]]))
        )
    ),
    is_picture=st.booleans(),
)
def test_every_file_is_read_or_told_of_once(tmp_path_factory, files, is_picture):
    folder = tmp_path_factory.mktemp("tree")
    touch(folder, *files, data=PNG if is_picture else b"x")
    read, others = walked(folder)
    assert Counter([*read, *others]) == Counter(files)
    assert set(others.values()) <= set(KINDS)
    assert Counter([*read, *others]) == Counter(
        part for found in walked(folder, all_files=True) for part in found
    )


@pytest.mark.parametrize(
    "placeholder", [".IMG_1.HEIC.icloud", ".a.jpg.iCloud", "a.jpg.nextcloud", "a.HEIC.owncloud"]
)
def test_pictures_that_the_cloud_keeps_elsewhere_are_rows(tmp_path, placeholder):
    touch(tmp_path, placeholder, ".movie.mov.icloud", data=b"bplist00")
    others = []
    assert list(walk([tmp_path], leave_out=others.append)) == [
        Unwalkable(str(tmp_path), placeholder, "not downloaded")
    ]
    assert [file.path for file in others] == [".movie.mov.icloud"]


@pytest.mark.parametrize("glob", ["*.jpg", "*.JPG", "été/*", unicodedata.normalize("NFD", "été")])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_globs_hold_in_any_case_and_composition(tmp_path, glob, form):
    name = unicodedata.normalize(form, "été/A.JPG")
    touch(tmp_path, name, "other.png")
    if "*" in glob:
        assert walked(tmp_path, include=[glob])[0] == [name]
    assert name not in walked(tmp_path, exclude=[glob])[0]


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.ESTALE])
@pytest.mark.parametrize("where", ["open", "read"])
def test_a_file_that_cannot_be_asked_what_it_is_is_met_all_the_same(tmp_path, monkeypatch, number, where):
    touch(tmp_path, "broken", "notes.txt", "whole")
    real = os.open

    def failing(path, *arguments):
        name = Path(path).name
        if where == "open" and name != "whole":
            raise OSError(number, os.strerror(number), path)
        return real(tmp_path if name != "whole" else path, *arguments)  # a folder opens and does not read

    monkeypatch.setattr(os, "open", failing)
    others = []
    met = list(walk([tmp_path], leave_out=others.append))
    assert [(type(entry), entry.path) for entry in met] == [(Found, "broken"), (Found, "whole")]
    assert [(file.path, file.kind) for file in others] == [("notes.txt", "text")]


def test_a_folder_of_smaller_copies_that_holds_others_too_is_read(tmp_path):
    touch(tmp_path, "a.jpg", "small/a.jpg", "small/b.jpg")
    assert walked(tmp_path) == (["a.jpg", "small/a.jpg", "small/b.jpg"], {})
