"""What a result says in sentences; the terminal and the page share them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from agestat.errors import N_
from agestat.report.known_error import known_error
from agestat.report.language import Language
from agestat.report.left_out import files_left_out, files_not_met
from agestat.report.remarks import remarks
from agestat.report.warnings import labels_used, some_names, too_few, warnings
from agestat.scanning.examine import DOUBTED, EXIF, NAME

if TYPE_CHECKING:
    from agestat.analysis.scan import Scan
from agestat.stats.bands import name_ages
from agestat.stats.correct import DEFAULT_METHOD, UNCORRECTED
from agestat.stats.estimate import Estimate
from agestat.stats.own_labels import POWERED

EVERYTHING = "all"
SIDES = ("male", "female")  # left and right of a population pyramid


def title(t: Language) -> str:
    """What the whole thing is about."""
    return t.gettext("Perceived age and gender")


def photos(scan: "Scan") -> int:
    """Pictures that at least one face was counted in."""
    return scan.counts["photos"]


def summary(scan: "Scan", estimate: Estimate, t: Language) -> str:
    """The first sentence: how many faces, which share is perceived as female, how old."""
    if EVERYTHING in estimate.few:
        return few_faces(estimate, t)
    if not len(estimate.table):
        looked_at = t.ngettext("{number} photo", "{number} photos", scan.counts["read"])
        return t.gettext("No face was counted in {photos}.", photos=looked_at)
    pictures = t.ngettext("{number} photo", "{number} photos", photos(scan))
    faces = t.ngettext("Of {number} perceived face", "Of {number} perceived faces", scan.counts["faces"])
    if estimate.groups != [EVERYTHING]:
        groups = t.ngettext("{number} group", "{number} groups", len(estimate.groups))
        return t.gettext(
            "{of_faces} in {photos}, shares in {groups} follow.",
            of_faces=faces, photos=pictures, groups=groups,
        )  # fmt: skip
    female, age = estimate.margin(EVERYTHING, gender="female"), estimate.age(EVERYTHING)
    return t.gettext(
        "{of_faces} in {photos}, {share} ({interval}) are perceived as female; "
        "the mean perceived age is {age} years.",
        of_faces=faces, photos=pictures, share=t.percent(female["share"]),
        interval=t.interval(100 * female["share_low"], 100 * female["share_high"]),
        age=t.between(age["value"], age["low"], age["high"]),
    )  # fmt: skip


def few_faces(estimate: Estimate, t: Language) -> str:
    """Why no shares are told of the whole."""
    return t.ngettext(
        "{number} perceived face: too few to estimate shares.",
        "{number} perceived faces: too few to estimate shares.",
        estimate.few[EVERYTHING],
    )


def quality(scan: "Scan", t: Language) -> Iterator[str]:
    """One sentence for each thing that the shares leave out."""
    counts = scan.counts
    yield t.ngettext("{number} picture found", "{number} pictures found", counts["found"])
    if counts.get("reused"):
        yield t.ngettext("{number} taken from an earlier scan", "{number} taken from an earlier scan",
                         counts["reused"])  # fmt: skip
    yield t.ngettext("{number} read", "{number} read", counts["read"])
    yield t.ngettext("{number} without a face", "{number} without a face",
                     counts["no_face"] - counts["small_faces"])  # fmt: skip
    if counts["small_faces"]:
        yield t.ngettext("{number} with too small faces alone", "{number} with too small faces alone",
                         counts["small_faces"])  # fmt: skip
    yield t.ngettext("{number} could not be read", "{number} could not be read", counts["failed"])
    yield t.ngettext("{number} face too small to judge and left out",
                     "{number} faces too small to judge and left out", counts["faces_left_out"])  # fmt: skip
    if counts["faces_left_out_by_you"]:
        yield t.ngettext("{number} face left out by you", "{number} faces left out by you",
                         counts["faces_left_out_by_you"])  # fmt: skip
    yield from remarks(scan, t)
    yield from copies(scan, t)
    yield from dates(scan, t)
    yield from files_left_out(scan, t)
    yield from files_not_met(scan, t)


def copies(scan: "Scan", t: Language) -> Iterator[str]:
    """What was counted once, and what intervals take as one."""
    counts = scan.counts
    if counts["copies"] and scan.once:
        yield t.ngettext("{number} more picture of a scene not counted (--once)",
                         "{number} more pictures of scenes not counted (--once)",
                         counts["copies"])  # fmt: skip
    elif counts["copies"]:
        yield t.ngettext("{number} copy counted once", "{number} copies counted once",
                         counts["copies"])  # fmt: skip
    if counts["scenes"] == 1 < counts["photos"]:
        yield t.gettext("{photos} photos show 1 scene, and are as one for the intervals",
                        photos=t.number(counts["photos"]))  # fmt: skip
    elif counts["scenes"] < counts["photos"]:
        yield t.gettext(
            "{photos} photos show {scenes} scenes, and are as many for the intervals",
            photos=t.number(counts["photos"]), scenes=t.number(counts["scenes"]),
        )  # fmt: skip


def dates(scan: "Scan", t: Language) -> Iterator[str]:
    """Where times are from, if not all of them are the cameras'."""
    count = scan.dates
    if count[NAME] or count[DOUBTED]:
        yield t.gettext(
            "dates: {exif} from EXIF, {name} from file names, {unknown} unknown",
            exif=t.number(count[EXIF]), name=t.number(count[NAME]), unknown=t.number(count[None]),
        )  # fmt: skip
    if count[DOUBTED]:
        yield t.ngettext("{number} date of EXIF not believed", "{number} dates of EXIF not believed",
                         count[DOUBTED])  # fmt: skip


METHODS = {
    "bayes": N_("Bayesian adjusted counting"),
    "emq": N_("expectation-maximisation"),
    "pacc": N_("adjusted probabilistic counting"),
    "acc": N_("adjusted counting"),
    "pcc": N_("probabilistic counting"),
    "cc": N_("plain counting"),
    POWERED: N_("prediction-powered inference"),
}
PAPERS = (
    "G. Forman: Quantifying counts and costs via classification. Data Mining and Knowledge Discovery "
    "17, 2008.",
    "A. Bella et al.: Quantification via probability estimators. ICDM 2010.",
    "M. Saerens, P. Latinne, C. Decaestecker: Adjusting the outputs of a classifier to new a priori "
    "probabilities. Neural Computation 14, 2002.",
    "A. Alexandari, A. Kundaje, A. Shrikumar: Maximum likelihood with bias-corrected calibration is "
    "hard to beat at label shift adaptation. ICML 2020.",
    "D. B. Rubin: The Bayesian bootstrap. Annals of Statistics 9, 1981.",
    "A. Ziegler, P. Czyż: Bayesian quantification with black-box estimators. TMLR 2024.",
    "S. Bickel, M. Brückner, T. Scheffer: Discriminative learning under covariate shift. Journal of "
    "Machine Learning Research 10, 2009.",
    "J. P. T. Higgins, S. G. Thompson, D. J. Spiegelhalter: A re-evaluation of random-effects "
    "meta-analysis. Journal of the Royal Statistical Society A 172, 2009.",
    "A. N. Angelopoulos et al.: Prediction-powered inference. Science 382, 2023.",
)


def citation(scan: "Scan", whole: Estimate, t: Language) -> str:
    """One sentence to paste into a text: what was found in how many faces, how, by which model and when;
    nothing where no face was counted."""
    if whole.groups != [EVERYTHING]:
        return ""
    female, age = whole.margin(EVERYTHING, gender="female"), whole.age(EVERYTHING)
    how = [t.term(METHODS[female["method"]])]
    if whole.own_labels:
        how.append(t.ngettext("{number} face labelled by hand", "{number} faces labelled by hand",
                              whole.own_labels))  # fmt: skip
    return t.gettext(
        "Of {faces} in {photos}, {share} ({level} interval {interval}) are perceived as female, and the mean "
        "perceived age is {age} years; shares by {method}, model {model}, agestat {version}, {date}.",
        faces=t.ngettext("{number} face", "{number} faces", scan.counts["faces"]),
        photos=t.ngettext("{number} photo", "{number} photos", photos(scan)),
        share=t.percent(female["share"]), level=t.percent(whole.level, 0),
        interval=t.interval(100 * female["share_low"], 100 * female["share_high"]),
        age=t.between(age["value"], age["low"], age["high"]), method=", ".join(how),
        model=model(scan.run, whole.calibration_name, whole.calibration_n, t), version=scan.run["agestat"],
        date=(scan.run.get("finished_at") or scan.run["started_at"])[:10],
    )  # fmt: skip


def model(run: Mapping[str, Any], calibration: str, pictures: int, t: Language) -> str:
    """Name and digest of the model that made the rows, and of a calibration set of the user's own."""
    name = f"{run['model']} ({run['model_digest'][:12]})"
    if calibration == run["model"]:
        return name
    return t.gettext("{model} calibrated on {n} pictures ({name})", model=name, n=t.number(pictures),
                     name=calibration)  # fmt: skip


def perceived(t: Language) -> str:
    """What is and what is not measured."""
    return t.gettext(
        "Age and gender are what people would perceive in the pictures, as judged by a model; they "
        "say nothing of who somebody is."
    )


def method(estimate: Estimate, t: Language) -> str:
    """How shares and intervals were made, in a sentence, and a second one where own labels were used."""
    name = METHODS.get(estimate.method, estimate.method)
    if estimate.method in UNCORRECTED:
        return t.gettext(
            "Shares by {method} ({code}) with {level} intervals, not corrected for the model's errors.",
            method=t.term(name), code=estimate.method, level=t.percent(estimate.level, 0),
        )  # fmt: skip
    sentence = t.gettext(
        "Shares by {method} ({code}) with {level} intervals, from the errors of the model on {n} calibration "
        "pictures ({name}).",
        method=t.term(name), code=estimate.method, level=t.percent(estimate.level, 0),
        n=t.number(estimate.calibration_n), name=estimate.calibration_name,
    )  # fmt: skip
    if POWERED not in set(estimate.table["method"]):
        return sentence
    own = t.gettext(
        "Groups with enough pictures that you labelled yourself: {method} ({code}).",
        method=t.term(METHODS[POWERED]), code=POWERED,
    )  # fmt: skip
    return f"{sentence} {own}"


def cut_ages(estimate: Estimate, t: Language) -> Iterator[str]:
    """Why some bands have wide intervals."""
    corrected = estimate.table[~estimate.table["method"].isin([*UNCORRECTED, POWERED])].dropna()
    edges = {*corrected["age_min"], *(corrected["age_max"] + 1)}
    if any(first < edge <= last for first, last in estimate.age_ranges for edge in edges):
        yield t.gettext(
            "The model's errors are known for the ages {ranges}; bands that cut these have wider intervals.",
            ranges=", ".join(name_ages(*ages) for ages in estimate.age_ranges),
        )


def explanation(estimate: Estimate, t: Language) -> Iterator[str]:
    """The idea of the correction for readers who are no statisticians, a paragraph at a time."""
    if estimate.method not in UNCORRECTED:
        yield from _correction(t)
    if estimate.method == DEFAULT_METHOD:
        yield t.gettext(
            "On pictures of another kind a model errs otherwise than on the calibration pictures. By how "
            "much was measured on many kinds of pictures, and the interval allows for it, the more the less "
            "the faces look like the calibration pictures. Where they are clearly harder to judge the report "
            "warns; some hundred faces labelled by hand (agestat label) need no assumption about the model."
        )
    yield t.gettext(
        "Faces on posters, screens and framed pictures are counted like those of people who were there; the "
        "page of agestat report --review shows what was counted and lets you leave faces out."
    )


def _correction(t: Language) -> Iterator[str]:
    yield t.gettext(
        "A model sometimes takes one age or gender for another. Counting its answers therefore gives "
        "shares that are off, and more pictures do not help. How often it errs, and in which "
        "direction, is known from calibration pictures whose labels are known; the shares shown here "
        "are those that, with these errors, explain the model's answers."
    )
    yield t.gettext(
        "The interval holds what is not known: which photos happen to be in the collection, and how "
        "exactly the model errs. Faces of one photo are not taken as independent. The counted "
        "shares, which other tools report, stand beside the corrected ones."
    )


def limits(scan: "Scan", estimate: Estimate, t: Language) -> Iterator[str]:
    """What a reader must know before the numbers are used."""
    found = scan.counts["found"]
    if scan.run.get("options", {}).get("limit") == found:
        yield t.ngettext("Only the first {number} file was looked at (--limit).",
                         "Only the first {number} files were looked at (--limit).", found)  # fmt: skip
    if EVERYTHING in estimate.few:
        yield t.gettext("--min-n {n} estimates them all the same; --faces FILE lists each face.",
                        n=estimate.few[EVERYTHING])  # fmt: skip
    yield from warnings(estimate, t)
    yield from surer(estimate, t)


def surer(estimate: Estimate, t: Language) -> Iterator[str]:
    """Bands of nearly the same meaning that would have much narrower intervals."""
    if found := estimate.surer:
        yield t.gettext(
            "These bands cost much: with --bands {bands}, whose errors are known, intervals would be {width} "
            "points wide on average instead of {now}.",
            bands=",".join(map(str, found.starts)), width=t.number(100 * found.width, 1),
            now=t.number(100 * found.width_now, 1),
        )  # fmt: skip


def notes(scan: "Scan", estimate: Estimate, t: Language) -> Iterator[str]:
    """How the numbers were made: method, model, its measured error."""
    yield method(estimate, t)
    yield from labels_used(estimate, t)
    yield from cut_ages(estimate, t)
    yield t.gettext("Counted shares are the model's own answers and carry its errors.")
    yield t.gettext("Model: {name} ({digest}).", name=scan.run["model"], digest=scan.run["model_digest"][:12])
    yield from known_error(scan.model_info, t)


def left_out(estimate: Estimate, t: Language) -> Iterator[str]:
    """Groups that no table shows."""
    yield from too_few({name: faces for name, faces in estimate.few.items() if name != EVERYTHING}, t)
    if estimate.faceless:
        names = [t.group(name) for name in estimate.faceless]
        yield t.ngettext("No face in {number} group: {names}.", "No face in {number} groups: {names}.",
                         len(names), names=some_names(names, t))  # fmt: skip
