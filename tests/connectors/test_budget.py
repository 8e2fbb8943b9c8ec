"""The budget: shared, with a reserve for people, and obedient to what the platform says."""

import time
from datetime import timedelta

import pytest

from connectors.base import now
from connectors.budget import RESERVE, LocalBudget, Rate, RedisBudget
from core import broker
from core.errors import TryLater

RATE = Rate(20, 60)


@pytest.fixture(params=["local", "redis"])
def budget(request):
    if request.param == "local":
        return LocalBudget(RATE)
    request.getfixturevalue("valkey")
    return RedisBudget(broker.client(), f"test:{request.node.name}:{now().timestamp()}", RATE)


@pytest.fixture
def no_waiting(monkeypatch):
    monkeypatch.setattr("connectors.budget.SHORT_WAIT", 0.0)


pytestmark = pytest.mark.usefixtures("no_waiting")


def use_up(budget, most=200):
    for taken in range(most):
        try:
            budget.take()
        except TryLater as error:
            return taken, error.after
    raise AssertionError("no end")


def test_the_limit_less_the_reserve_is_given_and_then_a_wait(budget):
    taken, after = use_up(budget)
    assert taken == int(RATE.limit * (1 - RESERVE))
    assert 2 < after <= 4


def test_people_may_use_the_reserve(budget):
    use_up(budget)
    for _ in range(int(RATE.limit * RESERVE)):
        budget.take(interactive=True)
    with pytest.raises(TryLater):
        budget.take(interactive=True)


def test_the_platforms_own_count_wins(budget):
    budget.observe(None, 3, None)
    assert use_up(budget)[0] == 1


def test_a_larger_limit_of_the_platform_is_used(budget):
    budget.observe(100, 100, None)
    assert use_up(budget)[0] == 90


def test_a_block_holds_for_everybody(budget):
    budget.block(now() + timedelta(seconds=50))
    with pytest.raises(TryLater) as raised:
        budget.take(interactive=True)
    assert 45 < raised.value.after <= 50


def test_nothing_left_blocks_until_the_reset(budget):
    budget.observe(20, 0, now() + timedelta(seconds=40))
    with pytest.raises(TryLater) as raised:
        budget.take(interactive=True)
    assert 35 < raised.value.after <= 40


def test_a_short_wait_is_waited_here(monkeypatch):
    monkeypatch.setattr("connectors.budget.SHORT_WAIT", 2.0)
    slept = []
    budget = LocalBudget(Rate(1, 1), clock=lambda: 1000.0 + sum(slept), sleep=slept.append)
    budget.take()
    budget.take()
    assert 0.9 <= sum(slept) <= 1.1


@pytest.mark.parametrize("rate", [(0, 1), (1, 0)])
def test_a_rate_of_nothing_is_refused(rate):
    with pytest.raises(ValueError, match="at least one call"):
        Rate(*rate)


def test_after_the_reset_the_bucket_is_full_again(budget):
    budget.observe(20, 0, now() + timedelta(seconds=0.2))
    assert use_up(budget)[0] == 0
    time.sleep(0.25)
    assert use_up(budget)[0] == round(20 * (1 - RESERVE))
