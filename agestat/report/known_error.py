"""What is known of a model's errors, in sentences: `agestat models` and reports tell it."""

from collections.abc import Iterator
from typing import Any

from agestat.report.language import Language


def known_error(info: dict[str, Any], t: Language) -> Iterator[str]:
    """A sentence for each set that the model was judged on: ``metrics`` of its ``model.json``."""
    metrics = info.get("metrics") or {}
    if not metrics:
        yield t.gettext("The model's error has not been measured: `agestat eval` does it.")
    for name, found in metrics.items():
        if info["space"] != "years":
            share, f1 = _between(found, "accuracy", 100, 1, t), _between(found, "f1_macro", 1, 2, t)
            yield t.gettext(
                "Known error on {set}: class right in {share} %, macro F1 {f1}.", set=name, share=share, f1=f1
            )
            continue
        counted = found.get("counted", {})
        knows_years = found.get("age_mae") and counted.get("exact_age", 1) >= counted.get("age", 1)
        if not found.get("gender_accuracy"):
            if knows_years:
                age = _between(found, "age_mae", 1, 1, t)
                yield t.gettext("Known error on {set}: age {age} years off on average.", set=name, age=age)
            continue
        gender = _between(found, "gender_accuracy", 100, 1, t)
        if knows_years:
            yield t.gettext(
                "Known error on {set}: gender right in {gender} %, age {age} years off on average.",
                set=name, gender=gender, age=_between(found, "age_mae", 1, 1, t),
            )  # fmt: skip
        elif found.get("age_band_accuracy"):
            yield t.gettext(
                "Known error on {set}: gender right in {gender} %, labelled range of ages in {age} %.",
                set=name, gender=gender, age=_between(found, "age_band_accuracy", 100, 1, t),
            )  # fmt: skip
        else:
            yield t.gettext("Known error on {set}: gender right in {gender} %.", set=name, gender=gender)


def _between(found: dict[str, Any], measure: str, scale: float, digits: int, t: Language) -> str:
    value, low, high = (scale * found[measure][part] for part in ("value", "low", "high"))
    return t.between(value, low, high, digits)
