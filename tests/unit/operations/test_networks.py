"""Comparison networks: every 0-1 input is a proof for all inputs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pellucid.operations.engines.networks import rank_network, sort_network


def sorted_runs(runs: int, length: int) -> np.ndarray:
    """Return every set of sorted 0-1 runs, one per column; value i of run k is in row i * runs + k."""
    zeros = np.array(list(itertools.product(range(length + 1), repeat=runs)))
    ones = np.arange(length)[:, None] >= zeros[:, None, :]
    return ones.reshape(len(zeros), -1).T.astype(np.uint8)


@pytest.mark.parametrize(("runs", "length"), [(3, 1), (3, 3), (3, 9), (5, 1), (5, 5), (7, 1)])
def test_every_0_1_input_is_sorted_and_ranked(runs: int, length: int) -> None:
    values = sorted_runs(runs, length)
    kept = values.copy()
    sort = sort_network(runs, length)
    assert sort
    expected = np.sort(values, axis=0)
    for rank in {0, 1, runs * length // 3, runs * length // 2, runs * length - 1}:
        network = rank_network(runs, length, rank)
        assert network and np.array_equal(network.apply(list(values))[0], expected[rank])
    assert np.array_equal(np.array(sort.apply(list(values))), expected)
    assert np.array_equal(values, kept), "the inputs were modified"


def test_the_median_of_125_values() -> None:
    values = np.sort(np.random.default_rng(0).random((25, 5, 500)), axis=0).reshape(125, 500)
    network = rank_network(5, 25, 62)
    assert network and len(network.steps) < 600
    assert np.array_equal(network.apply(list(values))[0], np.median(values, axis=0))


def test_what_is_too_large_is_left_to_others() -> None:
    assert rank_network(7, 49, 171) is None
