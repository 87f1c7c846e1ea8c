"""How much of one partner is taken before it is the others' turn."""

from hypothesis import given
from hypothesis import strategies as st

from renkou_migrant.exchange.protocol.fairness import Quota, fair_rounds

ARRIVALS = st.lists(st.tuples(st.sampled_from("abc"), st.integers()), max_size=60)


@given(ARRIVALS, st.integers(1, 7))
def test_every_sender_has_its_first_share_in_the_first_round(
    arrivals: list[tuple[str, int]], share: int
) -> None:
    rounds = fair_rounds(arrivals, lambda one: one[0], share)
    for code in "abc":
        sent = [one for one in arrivals if one[0] == code]
        assert [one for some in rounds for one in some if one[0] == code] == sent
        assert all(sum(one[0] == code for one in some) <= share for some in rounds)
        if rounds:
            assert [one for one in rounds[0] if one[0] == code] == sent[:share]


def test_a_quota_allows_a_burst_and_then_its_rate_for_each_partner_by_itself() -> None:
    quota = Quota(rate=10.0, burst=5.0)
    assert [quota.wait("a", 0.0) for _ in range(5)] == [0.0] * 5
    assert 0.0 < quota.wait("a", 0.0) <= 0.1
    assert quota.wait("b", 0.0) == 0.0
    assert quota.wait("a", 0.1) == 0.0
    assert quota.wait("a", 0.1) > 0.0
    assert [quota.wait("a", 60.0) for _ in range(5)] == [0.0] * 5
