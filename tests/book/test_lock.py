"""The lock: one run at a time in a home."""

import json
import os
import socket
import subprocess
import sys
import time

import psutil
import pytest

from crmlib.book.lock import run_lock
from crmlib.errors import DataError
from crmlib.home import Home


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path)


def leave_lock(home: Home, **changes) -> None:
    about = {"pid": os.getpid(), "started": psutil.Process().create_time(), "since": 1719705600.0}
    home.data.mkdir(exist_ok=True)
    (home.data / "run.lock").write_text(json.dumps(about | {"host": socket.gethostname()} | changes))


def test_a_second_run_is_refused_and_told_who_holds_it_since_when(home):
    with run_lock(home) as path:
        with pytest.raises(DataError) as caught, run_lock(home):
            pass
        words = caught.value.message("en")
        assert str(os.getpid()) in words and str(path) in words and time.strftime("%Y-%m-%d") in words
        assert caught.value.exit_code == 3
        assert path.exists()


def test_the_lock_is_released_whatever_happens(home):
    with pytest.raises(KeyboardInterrupt), run_lock(home):
        raise KeyboardInterrupt
    with run_lock(home):
        pass
    assert not (home.data / "run.lock").exists()


def test_a_lock_whose_process_has_ended_is_taken_over(home):
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    leave_lock(home, pid=int(ended.stdout))
    with run_lock(home) as path:
        assert json.loads(path.read_text())["pid"] == os.getpid()


def test_a_lock_whose_number_another_program_has_by_now_is_taken_over(home):
    leave_lock(home, started=1.0)
    with run_lock(home):
        pass


def test_a_lock_of_another_machine_is_believed(home):
    leave_lock(home, host="elsewhere", pid=1)
    with pytest.raises(DataError, match="elsewhere"), run_lock(home):
        pass


def test_an_empty_lock_is_believed_while_its_owner_may_still_be_writing(home):
    home.data.mkdir()
    path = home.data / "run.lock"
    path.touch()
    with pytest.raises(DataError), run_lock(home):
        pass
    os.utime(path, (1, 1))
    with run_lock(home):
        pass
