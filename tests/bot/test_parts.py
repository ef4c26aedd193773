"""The bot's parts that need no network."""

from agestat.bot.answers import parts
from agestat.bot.limits import RateLimit


def test_rate_limit_is_a_bucket_that_fills():
    now = [0.0]
    rate = RateLimit(burst=3, per_second=0.5, clock=lambda: now[0])
    assert [rate.wait(1, 1) for _ in range(4)] == [0, 0, 0, 2.0]
    assert rate.wait(2, 3) == 0
    now[0] = 2.0
    assert [rate.wait(1, 1), rate.wait(1, 1)] == [0, 2.0]


def test_album_larger_than_the_bucket_may_pass_when_it_is_full():
    rate = RateLimit(burst=3, per_second=1.0, clock=lambda: 0.0)
    assert [rate.wait(1, 10), rate.wait(1, 1)] == [0, 1.0]


def test_long_answers_are_cut_between_lines():
    assert parts("one\ntwo\nthree", 9) == ["one\ntwo", "three"]
    assert parts("") == []
