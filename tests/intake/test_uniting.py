"""Uniting: strongest first, never against a veto, in whatever order the links come."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crmlib.intake.uniting import unite


def run(n, links, marks=(), apart=()):
    a, b, strength = (np.array(column) for column in zip(*links, strict=True)) if links else (np.zeros(0, int),) * 3
    return unite(n, a, b, strength=strength, marks=[np.array(mark) for mark in marks], apart=apart)


def test_links_join_rows_into_groups():
    assert run(5, [(0, 1, 0.9), (3, 1, 0.8)]).group.tolist() == [0, 0, 2, 0, 4]


def test_two_marks_never_meet_and_the_stronger_link_wins():
    united = run(3, [(0, 1, 0.8), (1, 2, 0.9)], marks=[[7, -1, 8]])
    assert united.group.tolist() == [0, 1, 1]
    assert united.vetoed.tolist() == [0]


def test_a_veto_holds_through_rows_between():
    united = run(4, [(0, 1, 0.9), (1, 2, 0.9), (2, 3, 0.9)], apart=[(0, 3)])
    assert united.group[0] != united.group[3]
    assert len(united.vetoed) == 1


def test_a_person_s_word_goes_above_marks_and_below_a_person_s_veto():
    a, b = np.array([0]), np.array([1])
    by_hand = {"strength": np.array([1.0]), "marks": [np.array([1, 2])], "by_hand": np.array([True])}
    assert unite(2, a, b, **by_hand).group.tolist() == [0, 0]
    assert unite(2, a, b, apart=[(0, 1)], **by_hand).group.tolist() == [0, 1]


rows = st.integers(0, 7)
links = st.lists(st.tuples(rows, rows, st.sampled_from([0.5, 0.8, 0.9])), max_size=16)
marks = st.lists(st.integers(-1, 2), min_size=8, max_size=8)


@given(links, marks, st.randoms())
def test_the_order_of_links_never_matters(links, mark, shuffle):
    other = list(links)
    shuffle.shuffle(other)
    assert run(8, links, [mark]).group.tolist() == run(8, other, [mark]).group.tolist()


@given(links, marks, st.lists(st.tuples(rows, rows).filter(lambda pair: pair[0] != pair[1]), max_size=3))
def test_no_group_holds_two_values_of_a_mark_or_two_rows_told_apart(links, mark, apart):
    group = run(8, links, [mark], apart).group
    for one in set(group.tolist()):
        assert len({value for value, row in zip(mark, group, strict=True) if row == one and value >= 0}) <= 1
    assert all(group[x] != group[y] for x, y in apart)


@given(links)
def test_without_vetoes_groups_are_the_connected_rows(links):
    united = run(8, links)
    assert len(united.vetoed) == 0
    assert all(united.group[a] == united.group[b] for a, b, _ in links)
