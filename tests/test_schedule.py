"""The schedule: one text with a cron line, a systemd timer and a Windows task that run the same command."""

from pathlib import Path

import pytest

from crmlib.labels import speaker
from crmlib.schedule import schedule_text


@pytest.mark.parametrize(
    ("every", "last", "cron", "timer", "windows"),
    [
        ("monthly", "last", "30 6 1 * *", "OnCalendar=*-*-01 06:30:00", "/SC MONTHLY /D 1"),
        ("weekly", "last-week", "30 6 * * 1", "OnCalendar=Mon *-*-* 06:30:00", "/SC WEEKLY /D MON"),
        ("quarterly", "last-quarter", "30 6 1 1,4,7,10 *", "OnCalendar=*-01,04,07,10-01", "/M JAN,APR,JUL,OCT"),
    ],
)
def test_all_three_run_the_last_full_period_on_the_same_day(every, last, cron, timer, windows):
    text = schedule_text(every, home=Path("/home/甲 公司"), lang="zh", say=speaker("zh"), command="/opt/crm")
    command = f'"/opt/crm" run --period {last} --home "/home/甲 公司" --lang zh'
    assert f"{cron}  {command}" in text
    assert timer in text and f"ExecStart={command}" in text
    assert windows in text and command.replace('"', '\\"') in text


def test_cron_would_cut_a_command_at_a_per_cent_sign():
    text = schedule_text("monthly", home=Path("/data/100%"), lang="en", say=speaker("en"), command="crm")
    assert r'--home "/data/100\%"' in text.splitlines()[1]
