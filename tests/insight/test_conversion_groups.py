"""Groups: phone against face to face, by the first talk, with what the difference may be."""

from datetime import date

import pytest

from crmlib.insight.conversion_groups import compare_groups
from crmlib.insight.conversion_ways import read_ways

JULY = date(2024, 7, 1)


def book(tables, *, each: int = 1) -> dict:
    """Of the phoned half arrive 2 of 4, of the visited 3 of 4; `each` times as many."""
    needs, talks = ["need_id  customer_id  stage  status  opened_at  closed_at"], ["customer_id  channel  occurred_at"]
    plan = (
        [("phone", "maintenance")] * 2
        + [("phone", "evaluation")] * 2
        + [("visit", "maintenance")] * 3
        + [("face_to_face", "evaluation")]
    )
    for n, (channel, stage) in enumerate(plan * each):
        status, closed = ("satisfied", "2024-05-01") if stage == "maintenance" else ("open", "-")
        needs.append(f"n{n}  c{n}  {stage}  {status}  2024-02-01  {closed}")
        talks.append(f"c{n}  email  2024-01-15")  # before there was a need
        talks.append(f"c{n}  {channel}  2024-02-02")
        talks.append(f"c{n}  im  2024-02-03")  # not the first
    needs.append("late  cz  maintenance  satisfied  2024-02-01  2024-03-01")
    talks.append("cz  visit  2024-04-01")  # after the end: no talk brought it about
    return tables(needs="\n".join(needs), interactions="\n".join(talks))


def compare(tables_, *, least: int):
    ways = read_ways(tables_, as_of=JULY)
    found = compare_groups(
        ways, tables_, phone=["phone"], face_to_face=["face_to_face", "visit"], as_of=JULY, least=least
    )
    return found.set_index(["entity", "dimension", "code"])


@pytest.mark.demand("F14")
def test_phone_is_set_against_face_to_face_with_the_interval_of_the_difference(tables):
    groups = compare(book(tables, each=5), least=10)
    phone = groups.loc[("need", "phone_visit", "phone")]
    assert phone[["n", "converted", "others"]].tolist() == [20, 10, 20]
    assert (phone["share"], phone["others_share"], phone["difference"]) == (0.5, 0.75, -0.25)
    assert phone["diff_low"] < -0.25 < phone["diff_high"] and phone["diff_high"] > 0  # twenty do not settle it
    visit = groups.loc[("need", "channel", "visit")]
    assert visit[["n", "converted"]].tolist() == [15, 15]
    assert ("need", "channel", "email") not in groups.index and ("need", "channel", "im") not in groups.index


def test_too_few_have_no_difference(tables):
    groups = compare(book(tables), least=10)
    assert not groups["enough"].any() and groups["difference"].isna().all()
