"""The lines that put the run on a schedule: cron, a systemd timer, a Windows task. Printed, never installed."""

import shutil
import sys
from pathlib import Path

from crmlib.labels import Say

# the first of the month or quarter, or Monday, at 06:30 local time
PERIOD = {"monthly": "last", "weekly": "last-week", "quarterly": "last-quarter"}
CRON = {"monthly": "30 6 1 * *", "weekly": "30 6 * * 1", "quarterly": "30 6 1 1,4,7,10 *"}
SYSTEMD = {"monthly": "*-*-01 06:30:00", "weekly": "Mon *-*-* 06:30:00", "quarterly": "*-01,04,07,10-01 06:30:00"}
WINDOWS = {
    "monthly": "/SC MONTHLY /D 1",
    "weekly": "/SC WEEKLY /D MON",
    "quarterly": "/SC MONTHLY /D 1 /M JAN,APR,JUL,OCT",
}


def schedule_text(every: str, *, home: Path, lang: str, say: Say, command: str | None = None) -> str:
    """What to paste where: the report of the last full month, week or quarter."""
    crm = command or shutil.which("crm") or str(Path(sys.executable).with_name("crm"))
    line = f'"{crm}" run --period {PERIOD[every]} --home "{home}" --lang {lang}'
    percent = line.replace("%", r"\%")  # cron ends a command at a bare %
    return "\n".join(
        [
            f"# {say('schedule.cron')}",
            f'{CRON[every]}  {percent} >> "{home / "data" / "run.log"}" 2>&1',
            "",
            f"# {say('schedule.systemd')}",
            "# ~/.config/systemd/user/crm.service",
            f"[Unit]\nDescription=crm {every}\n\n[Service]\nType=oneshot\nExecStart={line}",
            "# ~/.config/systemd/user/crm.timer",
            f"[Timer]\nOnCalendar={SYSTEMD[every]}\nPersistent=true\n\n[Install]\nWantedBy=timers.target",
            "# systemctl --user enable --now crm.timer",
            "",
            f"# {say('schedule.windows')}",
            f"schtasks /Create /TN crm-{every} {WINDOWS[every]} /ST 06:30 /TR {_windows_quoted(line)}",
        ]
    )


def _windows_quoted(line: str) -> str:
    return '"' + line.replace('"', '\\"') + '"'
