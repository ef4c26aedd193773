"""What the bot says, in the language of who asks."""

from agestat.bot.judge import Judged
from agestat.model.label_space import SIX, LabelSpace
from agestat.report.language import N_, Language
from agestat.scanning.examine import FAILED

AGE_LEVEL = 0.9  # of a face's age distribution that the range in an answer holds
CAPTION, MESSAGE = 1024, 4096  # characters that Telegram takes
CLASSES = {
    "girl": N_("Girl"), "woman": N_("Adult woman"), "elderly woman": N_("Old woman"),
    "boy": N_("Boy"), "man": N_("Adult man"), "elderly man": N_("Old man"),
}  # fmt: skip
GENDERS = (N_("perceived as female"), N_("perceived as male"))


def start(t: Language) -> str:
    """The answer to /start."""
    return t.gettext(
        "Send a photo, several as an album, or a picture as a file: I answer with the perceived gender and "
        "age of every face in it. I identify nobody and keep no pictures, only counts, which /forget "
        "deletes. /help tells the rest."
    )


def help_(t: Language) -> str:
    """The answer to /help."""
    return "\n".join((
        t.gettext("/model faces or /model simpsons: people, or the whole picture as a cartoon character"),
        t.gettext("/stats: the shares of all faces of this chat so far, corrected for the model's errors"),
        t.gettext("/forget: delete what is kept of this chat"),
        t.gettext("/lang en or /lang ru: the language of the answers"),
        t.gettext(
            "Age and gender are perceived ones, as a model judges them from a picture: they can be wrong, "
            "and say nothing of who somebody is."
        ),
    ))  # fmt: skip


def faces(judged: Judged, space: LabelSpace, t: Language) -> str:
    """What is to be said of one picture: a line for each face, or for the whole picture."""
    answer = judged.answer
    if answer.status == FAILED:
        return t.gettext(
            "This picture cannot be read ({reason}): send another one.", reason=t.term(answer.reason or "")
        )
    if not answer.faces:
        small = t.gettext("The faces are too small to judge: send a larger picture.")
        return small if answer.faces_left_out else t.gettext("I find no face in this picture.")
    if space is SIX:
        return _character(judged, t)
    p_female, age = space.p_female(judged.probabilities), space.age(judged.probabilities)
    low, high = space.age_interval(judged.probabilities, AGE_LEVEL)
    return "\n".join(
        t.gettext(
            "{number}. {gender} ({share}), {age} years ({low}–{high})",
            number=number, gender=t.term(GENDERS[0 if p >= 0.5 else 1]), share=t.percent(max(p, 1 - p), 0),
            age=t.number(float(years)), low=t.number(float(first)), high=t.number(float(last)),
        )
        for number, (p, years, first, last) in enumerate(zip(p_female, age, low, high, strict=True), 1)
    )  # fmt: skip


def _character(judged: Judged, t: Language) -> str:
    shares = judged.probabilities[0]
    best = sorted(range(len(shares)), key=lambda cell: -shares[cell])[:2]
    lines = [f"{t.term(CLASSES[SIX.cell_names[cell]])}: {t.percent(float(shares[cell]), 0)}" for cell in best]
    return "\n".join(lines)


def busy(t: Language) -> str:
    """When too many pictures wait."""
    return t.gettext(
        "Too many pictures wait just now, and this one was not looked at: send it again in a minute."
    )


def too_fast(seconds: float, t: Language) -> str:
    """When one user sends too many."""
    return t.ngettext(
        "That is a lot of pictures, and these were not looked at: send them again in {number} second.",
        "That is a lot of pictures, and these were not looked at: send them again in {number} seconds.",
        int(seconds) + 1,
    )


def too_large(megabytes: int, t: Language) -> str:
    """A file that Telegram does not hand to bots."""
    return t.gettext("The file is too large: bots may fetch {number} MB.", number=t.number(megabytes))


def not_loaded(t: Language) -> str:
    """When Telegram did not hand over the file in time."""
    return t.gettext("The picture did not arrive in time: send it again.")


def failed(t: Language) -> str:
    """When something of ours went wrong."""
    return t.gettext("Something went wrong here, and the picture was not judged: send it again later.")


def no_picture(t: Language) -> str:
    """The answer to a sticker, a video, words."""
    return t.gettext("I can only look at pictures: send a photo, or a picture as a file.")


def forgotten(t: Language) -> str:
    """The answer to /forget."""
    return t.gettext("All that was kept of this chat is deleted.")


def nothing_yet(t: Language) -> str:
    """The answer to /stats before the first face."""
    return t.gettext("No face has been counted in this chat yet.")


def model_chosen(name: str, t: Language) -> str:
    """The answer to /model NAME."""
    return t.gettext("From now on pictures are judged by the model {name}.", name=name)


def which_model(names: list[str], t: Language) -> str:
    """The answer to /model without a name that there is."""
    return t.gettext("Say which model: {names}.", names=", ".join(f"/model {name}" for name in names))


def language_chosen(t: Language) -> str:
    """The answer to /lang CODE, in that language."""
    return t.gettext("I answer in English from now on.")


def which_language(codes: tuple[str, ...], t: Language) -> str:
    """The answer to /lang without a code that there is."""
    return t.gettext("Say which language: {codes}.", codes=", ".join(f"/lang {code}" for code in codes))


def parts(text: str, size: int = MESSAGE) -> list[str]:
    """``text`` in pieces that Telegram takes, cut between lines."""
    pieces = [""]
    for line in text.split("\n"):
        if len(pieces[-1]) + len(line) + 1 > size:
            pieces.append("")
        pieces[-1] += line + "\n"
    return [piece.rstrip("\n") for piece in pieces if piece.strip()]
