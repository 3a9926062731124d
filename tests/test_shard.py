"""Which member owns which rules: the same answer everywhere, even shares, and little moved by a change."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.settings import AUTO, MOST_SHARDS, shards
from scaler.shard import assigned, shard_of
from scaler.target import Key

members = st.lists(st.text("abcdefgh-0123456789", min_size=1, max_size=12), min_size=1, max_size=12, unique=True)


@given(st.integers(1, 64), members)
def test_everybody_has_an_even_share(count: int, names: list[str]) -> None:
    owners = assigned(count, names)
    assert len(owners) == count
    loads = Counter(owners)
    assert max(loads.values()) <= -(-count // len(names))
    assert sum(loads.values()) == count


@given(st.integers(1, 64), members)
def test_who_is_alone_owns_everything(count: int, names: list[str]) -> None:
    assert set(assigned(count, names[:1])) == set(names[:1])


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_a_member_that_goes_moves_little_besides_its_own(count: int) -> None:
    names = [f"scaler-{number}" for number in range(count)]
    before, after = assigned(64, names), assigned(64, names[:-1])
    own = sum(owner == names[-1] for owner in before)
    moved = sum(now != then for now, then in zip(after, before, strict=True))
    assert own <= moved <= own + 64 // 2


@pytest.mark.parametrize("namespaces", [1, 50])
def test_rules_are_spread_evenly(namespaces: int) -> None:
    keys = [Key(f"namespace-{number % namespaces}", f"name-{number}") for number in range(1600)]
    found = Counter(shard_of(key, AUTO) for key in keys)
    assert set(found) == set(range(AUTO))
    assert 60 <= min(found.values()) <= max(found.values()) <= 140


@given(st.text(min_size=1), st.text(min_size=1), st.integers(1, 64))
def test_every_rule_has_a_shard(namespace: str, name: str, count: int) -> None:
    assert 0 <= shard_of(Key(namespace, name), count) < count


@pytest.mark.parametrize(("text", "count"), [("auto", AUTO), ("none", 0), ("1", 1), ("64", MOST_SHARDS)])
def test_what_may_be_written(text: str, count: int) -> None:
    assert shards(text) == count


@pytest.mark.parametrize("text", ["0", "65", "-1", "many", "", "1.5"])
def test_what_may_not_be_written(text: str) -> None:
    with pytest.raises(ValueError, match="is no number of shards: write 1 to 64, auto or none"):
        shards(text)
