import io
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from agestat.report.console import Screen, print_summary, print_table
from agestat.report.known_error import known_error
from agestat.report.language import open_language
from agestat.report.warnings import neglects, unlike_groups, warnings
from agestat.report.words import cut_ages, surer
from agestat.stats.shift import Shift
from agestat.stats.surer_bands import SurerBands


def printed(
    scan, estimate, *, lang="en", encoding="utf-8", overall=None, verbose=False, width=100, **options
) -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=stream, width=width, **options)
    print_summary(scan, estimate, console, lang, overall=overall, verbose=verbose)
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


def test_shares_of_a_literal_result(scan, make_estimate):
    lines = printed(scan, make_estimate()).splitlines()
    start = lines.index("all  100 perceived faces")
    assert lines[start + 1 : start + 6] == [
        "      counted         share, %         male female              share, % counted",
        "65+       5.0    2.0 (0.0–4.0)            ▐ ██████▌     21.0 (19.0–23.0)    15.0",
        "18-64    35.0 36.0 (34.0–38.0) ████████████ █████████▌  31.0 (29.0–33.0)    30.0",
        "0-17     10.0    6.0 (4.0–8.0)           ██ █              4.0 (2.0–6.0)     5.0",
        "all      50.0 44.0 (42.0–46.0)                          56.0 (54.0–58.0)    50.0",
    ]


def test_what_was_left_out_is_counted(scan, make_estimate):
    text = " ".join(printed(scan, make_estimate()).split())
    assert "Of 20,000 perceived faces in 10,000 photos, 56.0 % (54.0–58.0) are perceived as female;" in text
    assert "10,057 pictures found · 10,050 read · 50 without a face · 7 could not be read" in text
    assert "7 × truncated" in text


def test_groups_without_a_face_are_named(scan, make_estimate):
    estimate = replace(make_estimate(("a", "b")), faceless=("=c", "d"))
    assert "\nNo face in 2 groups: =c, d.\n" in printed(scan, estimate)
    estimate = replace(estimate, faceless=tuple("abcdefghijklm"))
    text = printed(scan, estimate, encoding="ascii")
    assert "\nNo face in 13 groups: a, b, c, d, e, f, g, h, i, j, k, l and 1 more.\n" in text


@pytest.mark.parametrize(
    ("ranges", "method", "told"),
    [
        (((0, 9), (10, 100)), "bayes", "0-9, 10+"),
        (((0, 12), (18, 64), (65, 100)), "bayes", ""),
        (((0, 9), (10, 17), (18, 64), (65, 100)), "bayes", ""),
        (((0, 100),), "bayes", "0+"),
        (((0, 9), (10, 100)), "cc", ""),
        (((0, 9), (10, 100)), "ppi", ""),
        ((), "bayes", ""),
    ],
)
def test_bands_that_cut_what_is_known_of_the_model_are_named(make_estimate, ranges, method, told):
    """Bands are 0-17, 18-64 and 65+."""
    literal = make_estimate()
    estimate = replace(literal, age_ranges=ranges, table=literal.table.assign(method=method))
    sentence = f"The model's errors are known for the ages {told}; bands that cut these have wider intervals."
    assert list(cut_ages(estimate, open_language("en"))) == ([sentence] if told else [])


def test_surer_bands_are_named(scan, make_estimate):
    estimate = replace(make_estimate(), surer=SurerBands((0, 20, 70), 0.041, 0.0932))
    (sentence,) = surer(estimate, open_language("en"))
    assert sentence == (
        "These bands cost much: with --bands 0,20,70, whose errors are known, intervals would be 4.1 points "
        "wide on average instead of 9.3."
    )
    assert sentence in " ".join(printed(scan, estimate).split())
    assert list(surer(estimate, open_language("ru"))) == [
        "Из-за этих возрастных групп интервалы намного шире: с --bands 0,20,70, для которых ошибки модели "
        "известны, "
        "их средняя ширина была бы 4,1 п.\xa0п. вместо 9,3."
    ]
    assert not list(surer(make_estimate(), open_language("en")))


def test_the_models_known_error_stands_below(scan, make_estimate):
    assert (
        "Known error on drawn: gender right in 93.0 (92.0–94.0) %, age 12.6 (11.5–15.1)\n"
        "years off on average."
    ) in printed(scan, make_estimate(), verbose=True)
    error = {"value": 0.5, "low": 0.4, "high": 0.6}
    years = {"space": "years", "metrics": {"x val": {"gender_accuracy": error, "age_mae": error}}}
    counted = {"age": 9, "exact_age": 0}
    figures = {"gender_accuracy": error, "age_band_accuracy": error, "counted": counted}
    ranges = {"space": "years", "metrics": {"z val": figures}}
    six = {"space": "six", "metrics": {"y val": {"accuracy": error, "f1_macro": error}}}
    t = open_language("en")
    assert list(known_error(ranges, t)) == [
        "Known error on z val: gender right in 50.0 (40.0–60.0) %, "
        "labelled range of ages in 50.0 (40.0–60.0) %."
    ]
    assert [*known_error(years, t), *known_error(six, t), *known_error({"space": "six"}, t)] == [
        "Known error on x val: gender right in 50.0 (40.0–60.0) %, age 0.5 (0.4–0.6) years off on average.",
        "Known error on y val: class right in 50.0 (40.0–60.0) %, macro F1 0.50 (0.40–0.60).",
        "The model's error has not been measured: `agestat eval` does it.",
    ]


def test_a_warning_is_in_the_readers_language(make_estimate):
    verdict = Shift(0.0, {"sharpness": 0.1, "novelty": 0.7}, ("novelty", "sharpness"))
    estimate = replace(make_estimate(), shift=verdict)
    told = {
        lang: [line.replace("\xa0", " ") for line in warnings(estimate, open_language(lang))]
        for lang in ("en", "ru")
    }
    assert told["en"] == [
        "The faces are harder to judge than the calibration pictures of faces (on average less familiar "
        "to the model than 70 % of them, less sharp than 90 % of them, where 50 % would be no difference), "
        "and intervals are wider for it. Labels for some of your pictures (`agestat label`) would make them "
        "narrower."
    ]
    assert told["ru"] == [
        "О лицах судить труднее, чем о калибровочных снимках набора faces (в среднем лицо непривычнее для "
        "модели, чем 70 % из них, менее резкое, чем 90 % из них, тогда как 50 % значило бы, что разницы "
        "нет), поэтому интервалы шире. Разметка части ваших снимков (`agestat label`) их сузит."
    ]


@pytest.mark.parametrize(
    ("method", "told"),
    [("bayes", ["are wider for it"]), ("emq", ["leave out that the model may err otherwise", "do not allow"]),
     ("pacc", ["leave out that the model may err otherwise", "do not allow"]),
     ("acc", ["leave out that the model may err otherwise", "do not allow"]),
     ("pcc", ["leave out that the model errs"]), ("cc", ["leave out that the model errs"])],
)  # fmt: skip
def test_each_method_says_what_its_intervals_leave_out(scan, make_estimate, method, told):
    """In the summary itself; and only what was widened is said to be wider."""
    literal, verdict = make_estimate(), Shift(0.0, {"sharpness": 0.1}, ("sharpness",))
    by = literal.table.assign(method=method)
    estimate = replace(literal, method=method, table=by, shift=verdict, unlike={"all": verdict})
    text = " ".join(printed(scan, estimate).split())
    assert all(part in text for part in told)
    assert ("intervals are wider for it" in text) == (method == "bayes")
    assert ("harder to judge" in text) == (method not in ("pcc", "cc"))
    assert ("leave out" in text) == (method != "bayes")
    labelled = replace(estimate, table=by.assign(method="ppi"))
    assert not list(neglects(labelled, open_language("en")))


def test_groups_that_look_unlike_are_named(scan, make_estimate):
    dark = Shift(0.0, {"brightness": 0.2}, ("brightness",))
    estimate = replace(make_estimate(("a", "b")), unlike={"b": dark})
    told = [next(unlike_groups(estimate, open_language(lang))).replace("\xa0", " ") for lang in ("en", "ru")]
    assert told[0] == (
        "The faces of 1 group are harder to judge than the calibration pictures of faces, and its intervals "
        "are wider for it: b (darker than 80 % of them). Labels for some of its pictures (`agestat label`) "
        "would make them narrower."
    )
    assert told[0] in " ".join(printed(scan, estimate, overall=make_estimate()).split())
    many = replace(estimate, unlike=dict.fromkeys("abcdefghijklmn", dark))
    assert "14 groups" in next(unlike_groups(many, open_language("en")))
    assert "l (darker than 80\xa0% of them) and 2 more." in next(unlike_groups(many, open_language("en")))
    assert told[1] == (
        "О лицах 1 группы судить труднее, чем о калибровочных снимках набора faces, поэтому её интервалы "
        "шире: b (темнее, чем 80 % из них). Разметка части её снимков (`agestat label`) их сузит."
    )
    assert not list(unlike_groups(make_estimate(), open_language("en")))


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_fits_80_columns(scan, by_folder, lang):
    assert max(cell_len(line) for line in printed(scan, by_folder, lang=lang).splitlines()) <= 80


def test_plain_without_unicode(scan, make_estimate):
    text = printed(scan, make_estimate(("школа",)), encoding="ascii", lang="ru")
    assert text.isascii()
    assert "18-64    35.0 36.0 (34.0-38.0)" in text
    assert "##########" in text


def test_no_colour_when_it_is_not_wanted(scan, make_estimate, monkeypatch):
    assert "\x1b[" in printed(scan, make_estimate(), force_terminal=True, color_system="truecolor")
    monkeypatch.setenv("NO_COLOR", "1")
    coloured = printed(scan, make_estimate(), force_terminal=True)
    assert "38;2" not in coloured and "38;5" not in coloured


def test_names_cannot_command_the_terminal_or_the_markup(scan, make_estimate):
    text = printed(scan, make_estimate(("[red]x\x1b[2J", "b\u202ec")))
    assert "[red]x\\x1b[2J  100 perceived faces" in text
    assert "b\\u202ec  100 perceived faces" in text


def test_the_widest_shares_keep_to_their_rows(scan, make_estimate):
    """A table of one line per band, however many digits its shares have."""
    estimate = make_estimate()
    wide = estimate.table.assign(share=1.0, share_low=1.0, share_high=1.0)
    lines = printed(scan, replace(estimate, table=wide)).splitlines()
    start = lines.index("all  100 perceived faces")
    assert [line.split()[0] for line in lines[start + 2 : start + 6]] == ["65+", "18-64", "0-17", "all"]
    assert lines[start + 2].count("100.0 (100.0–100.0)") == 2
    assert max(map(cell_len, lines)) <= 80


def test_without_unicode_every_sign_is_one_that_terminals_have(scan, make_estimate):
    text = printed(scan, make_estimate(), encoding="ascii")
    assert "7 x truncated" in text
    assert "\\x" not in text


def test_groups_are_translated_only_where_the_words_are_ours(scan, make_estimate):
    text = printed(scan, make_estimate(("1 Monday", "female", "unknown | female")), lang="ru")
    assert "1 понедельник" in text
    assert "неизвестно | female" in text
    assert "\nfemale  " in text


def test_a_folder_called_all_is_not_everything(scan, make_estimate):
    text = " ".join(printed(scan, make_estimate(("all", "other"))).split())
    assert "Of 20,000 perceived faces in 10,000 photos, shares in 2 groups follow." in text


def test_counts_do_not_claim_to_know_the_errors(scan, make_estimate):
    text = " ".join(printed(scan, replace(make_estimate(), method="cc"), verbose=True).split())
    assert "(cc) with 95 % intervals, not corrected for the model's errors" in text
    assert "calibration pictures" not in text


def test_a_number_and_its_unit_are_not_parted():
    out = io.StringIO()
    screen = Screen(Console(file=out, width=30), "en")
    for width in range(12, 30):
        screen.width = width
        screen.line(("To cite:", "bold"), " the share is 11.7\u00a0% of 1\u00a0234 faces, or so it seems")
    lines = out.getvalue().splitlines()
    assert not [line for line in lines if line.endswith((" ", "11.7")) or line.startswith((" ", "%", "234"))]
    assert "".join(lines).count("11.7\u00a0%") == 18


@pytest.mark.parametrize(("width", "shown"), [(40, " photos/of/spring\n"), (24, " …tos/of/spring\n")])
def test_heads_are_whole_where_there_is_room(width, shown):
    out = io.StringIO()
    screen = Screen(Console(file=out, width=width), "en")
    print_table(screen, ["", "photos/of/spring"], [["female, %", "41.0"]])
    assert shown in out.getvalue()
