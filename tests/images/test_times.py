"""Times as cameras, phones and people write them."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from agestat.images.decode import decode
from agestat.images.times import is_believable, read_time, time_in_name


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2019:05:03 12:00:01", "2019-05-03T12:00:01"),
        ("2019-05-03T12:00:01.25+02:00", "2019-05-03T12:00:01"),
        ("2019:05:03", "2019-05-03"),
        ("2019:05:03 12:00", "2019-05-03T12:00"),
        ("2019:05:03 24:00:00", "2019-05-04T00:00:00"),
        ("2019:12:31 23:59:60", "2020-01-01T00:00:00"),
        ("1987:00:00 00:00:00", "1987"),
        ("1987:05:00", "1987-05"),
        ("2019:02:31 10:00:00", "2019-02"),
        ("3. 5. 2019", "2019-05-03"),
        ("2019: 5: 3  9: 5: 7\0", "2019-05-03T09:05:07"),
        ("20190503 120000", "2019-05-03T12:00:00"),
        ("2019", "2019"),
        ("2019:05:03 下午 01:00:00", "2019-05-03T13:00:00"),
        ("2019:05:03 1:02:03 PM", "2019-05-03T13:02:03"),
        ("2019:05:03 12:00:00 a.m.", "2019-05-03T00:00:00"),
        ("2019年05月03日 12:00:00", "2019-05-03T12:00:00"),
        ("２０１９：０５：０３ １２：００：００", "2019-05-03T12:00:00"),
        ("2019:05:03-12:00:00", "2019-05-03T12:00:00"),
        ("Fri May  3 12:00:00 CEST 2019", "2019-05-03T12:00:00"),
        ("May 3, 2019", "2019-05-03"),
        ("3 мая 2019", "2019-05-03"),
        ("13/05/2019 10:20", "2019-05-13T10:20"),
        ("05/13/2019", "2019-05-13"),
        ("03/05/2019 12:00", "2019"),
        ("ca. 1987", "1987"),
        ("Summer 1987", "1987"),
        ("[1987?]", "1987"),
        ("พ.ศ. 2562", "2562"),
        ("Sommer 1987 oder 1988", None),
        ("2019_05_03 12:00", "2019-05-03T12:00"),
        ("2019:05:03 午後1:00:00", "2019-05-03T13:00:00"),
        ("2019:05:03 -1:-1:-1", "2019-05-03"),
        ("2019:05:03 12:00:00 GMT-05:00", "2019-05-03T12:00:00"),
        ("Fri, 03 May 2019 12:00:00 GMT", "2019-05-03T12:00:00"),
        ("3-May-2019 12:00", "2019-05-03T12:00"),
        ("23-05-2019 12:00:00", "2019-05-23T12:00:00"),
        ("3. März 2019", "2019-03-03"),
        ("3 de mayo de 2019", "2019-05-03"),
        ("3 août 2019", "2019-08-03"),
        ("    :  :     :  :  ", None),
        ("0000:00:00 00:00:00", None),
        ("yesterday", None),
    ],
)
def test_times_are_read_as_far_as_they_go(text, time):
    assert read_time(text) == time


@pytest.mark.parametrize(
    "time",
    [
        "1825-12-31",
        "2562-05-03T12:00:00",
        "2107-01-01",
        "1980-01-01T00:01:10",
        "1970-01-01",
        "1969-12-31T19:00:00",
        "1899-12-30",
        "2002-12-08T12:00:00",
    ],
)
def test_times_that_cannot_be_are_not_believed(time):
    assert not is_believable(time)


@given(st.datetimes(datetime(1905, 1, 1), datetime(2025, 1, 1)))
def test_whatever_a_set_clock_writes_is_read_and_believed(moment):
    time = moment.isoformat(timespec="seconds")
    assert read_time(moment.strftime("%Y:%m:%d %H:%M:%S")) == time
    epochs = (
        "1969-12-31",
        "1970-01-01",
        "1979-12-31",
        "1980-01-01",
        "2000-01-01T00:0",
        "2002-12-08T12:00:00",
    )
    assert is_believable(time) != time.startswith(epochs)
    assert time_in_name(f"IMG_{moment:%Y%m%d_%H%M%S}.jpg") == (time if is_believable(time) else None)


@given(st.text())
def test_any_text_is_a_time_or_none(text):
    for time in (read_time(text), time_in_name(text)):
        assert time is None or "0001" <= time[:4] <= "9999"


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("IMG-20190503-WA0001.jpg", "2019-05-03"),
        ("Screenshot_2019-05-03.png", "2019-05-03"),
        ("Screenshot_2019-05-03-12-00-01.png", "2019-05-03T12:00:01"),
        ("20190503_120000.jpg", "2019-05-03T12:00:00"),
        ("PXL_20210102_030405123.jpg", "2021-01-02T03:04:05"),
        ("WhatsApp Image 2024-06-11 at 12.34.56 (1).jpeg", "2024-06-11T12:34:56"),
        ("Снимок экрана 2024-06-11 в 12.34.56.png", "2024-06-11T12:34:56"),
        ("signal-2024-06-11-123456.jpg", "2024-06-11T12:34:56"),
        ("2024_06_11.jpg", "2024-06-11"),
        ("DJI_20240611123456_0001_D.JPG", "2024-06-11T12:34:56"),
        ("00002IMG_00002_BURST20240611123456789_COVER.jpg", "2024-06-11T12:34:56"),
        ("IMG_20240611_123456_BURST003.jpg", "2024-06-11T12:34:56"),
        ("Screen Shot 2024-06-11 at 1.02.03 PM.png", "2024-06-11T13:02:03"),
        ("Screen Shot 2024-06-11 at 12.02.03 AM.png", "2024-06-11T00:02:03"),
        ("Bildschirmfoto 2024-06-11 um 11.02.03.png", "2024-06-11T11:02:03"),
        ("Photo 11.06.2024.jpg", "2024-06-11"),
        ("06-11-2024.jpg", "2024"),
        ("photo_5@11-06-2024_12-34-56.jpg", "2024-06-11T12:34:56"),
        ("21-06-2024.jpg", "2024-06-21"),
        ("2024年6月11日 12.34.jpg", "2024-06-11T12:34"),
        ("2024-6-11 12.34.56.jpg", "2024-06-11T12:34:56"),
        ("截屏2024-06-11 下午1.02.03.png", "2024-06-11T13:02:03"),
        ("스크린샷 2024-06-11 오후 1.02.03.png", "2024-06-11T13:02:03"),
        ("Captura de Pantalla 2024-06-11 a la(s) 1.02.03 p. m..png", "2024-06-11T13:02:03"),
        ("Skärmavbild 2024-06-11 kl. 12.34.56.png", "2024-06-11T12:34:56"),
        ("Foto am 11.06.2024 um 12.34 #2.jpg", "2024-06-11T12:34"),
        ("2024-06-11 10.00 shipment.jpg", "2024-06-11T10:00"),
        ("2024-06-11 12h34m56.jpg", "2024-06-11T12:34:56"),
        ("phone 2019050312.jpg", None),
        ("+4917620190503.jpg", None),
        ("26_0_1_20170117174525125.jpg", None),
        ("IMG_1234.jpg", None),
        ("DSC20199999.jpg", None),
        ("IMG_21010101.jpg", None),
        ("IMG_20993112.jpg", None),
    ],
)
def test_times_in_names(name, time):
    assert time_in_name(name) == time


@pytest.mark.parametrize(
    ("written", "taken", "doubted"),
    [
        ("2019:05:03 12:00:00", "2019-05-03T12:00:00", False),
        ("2562:05:03 12:00:00", None, True),
        ("    :  :     :  :  ", None, False),
    ],
)
def test_a_time_that_is_not_believed_is_told(tmp_path, written, taken, doubted):
    exif = Image.Exif()
    exif[306] = written
    Image.new("RGB", (9, 9)).save(tmp_path / "a.jpg", exif=exif)
    picture = decode(tmp_path / "a.jpg")
    assert (picture.taken_at, picture.is_doubted) == (taken, doubted)
