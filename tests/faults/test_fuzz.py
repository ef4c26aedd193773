"""Mutated pictures: none crashes the run, none is unaccounted, none takes longer or more than it may."""

import time

import pytest
from helpers import LONG
from mutate import mutants

from agestat.images.reasons import LASTING
from agestat.images.walk import Found
from agestat.scanning.decoder import Limits
from agestat.scanning.decoder_pool import DecoderPool
from agestat.scanning.examine import Settings

COUNT = 5000 if LONG else 500
LIMITS = Limits()  # of a scan: in less memory some mutants that claim 60 million pixels do not open


@pytest.mark.parametrize("crop", ["whole", "faces"])
def test_every_mutant_is_answered_once_within_bounds(tmp_path, crop):
    files = []
    for name, data in mutants(COUNT, seed=time.time_ns() if LONG else 0):
        (tmp_path / name).write_bytes(data)
        files.append(Found(str(tmp_path), name, len(data), 0))
    with DecoderPool(Settings(crop=crop, input_size=32), LIMITS, 2) as decoders:
        answers = {file.path: answer for file, answer in decoders.run(iter(files))}
    assert sorted(answers) == sorted(file.path for file in files)
    reasons = {answer.reason for answer in answers.values()}
    assert reasons <= {None, *REASONS}, reasons - {*REASONS}


# Not among them: "crashed its decoder", "took too long", "out of memory".
REASONS = (*LASTING, "this TIFF needs agestat[tiff]")
