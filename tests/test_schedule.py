"""The schedule: one text with a cron line, a systemd timer and a Windows task that run the same command."""

from pathlib import Path

import pytest

from crmlib.labels import speaker
from crmlib.schedule import schedule_text


@pytest.mark.parametrize(
    ("every", "cron", "timer", "windows"),
    [
        ("monthly", "30 6 1 * *", "OnCalendar=*-*-01 06:30:00", "/SC MONTHLY /D 1"),
        ("weekly", "30 6 * * 1", "OnCalendar=Mon *-*-* 06:30:00", "/SC WEEKLY /D MON"),
    ],
)
def test_all_three_run_last_month_on_the_same_day(every, cron, timer, windows):
    text = schedule_text(every, home=Path("/home/甲 公司"), lang="zh", say=speaker("zh"), command="/opt/crm")
    command = '"/opt/crm" run --period last --home "/home/甲 公司" --lang zh'
    assert f"{cron}  {command}" in text
    assert timer in text and f"ExecStart={command}" in text
    assert windows in text and command.replace('"', '\\"') in text


def test_cron_would_cut_a_command_at_a_per_cent_sign():
    text = schedule_text("monthly", home=Path("/data/100%"), lang="en", say=speaker("en"), command="crm")
    assert r'--home "/data/100\%"' in text.splitlines()[1]
