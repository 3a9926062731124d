"""Two writers that undo each other."""

from scaler.contest import Contest


def quarrel(*times: float) -> Contest:
    contest = Contest()
    for at in times:
        contest.wrote(at)
        contest.undone("somebody", at + 1)
    return contest


def test_three_reversals_in_ten_minutes_are_a_contest() -> None:
    assert not quarrel(0, 100).contested(150)
    contest = quarrel(0, 100, 200)
    assert contest.contested(210)
    assert contest.manager == "somebody"


def test_spread_over_more_than_ten_minutes_they_are_none() -> None:
    assert not quarrel(0, 300, 700).contested(710)


def test_it_ends_by_itself() -> None:
    contest = quarrel(0, 100, 200)
    assert contest.contested(600)
    assert not contest.contested(602)


def test_changes_that_undo_nothing_of_ours_are_none() -> None:
    contest = Contest()
    for at in (0, 10, 20, 30):
        contest.undone("kubectl", at)
    assert not contest.contested(31)


def test_while_it_lasts_we_write_once_a_minute() -> None:
    contest = quarrel(0, 100, 200)
    assert not contest.may_write(230)
    assert contest.may_write(260)


def test_a_clock_that_went_back_does_not_silence_us() -> None:
    contest = quarrel(10_000, 10_100, 10_200)
    assert contest.may_write(0)
