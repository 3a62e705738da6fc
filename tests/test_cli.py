"""The command tells what it can do, and what was wrong with what was typed, in the language that was asked for."""

import pytest

from crmlib import commands
from crmlib.book.ledger import read_lines
from crmlib.cli import COMMANDS, main
from crmlib.home import CHECKOUT, Home
from crmlib.labels import LANGS


@pytest.mark.parametrize("lang", LANGS)
def test_the_help_names_every_command_in_one_language(capsys, lang):
    assert main(["--lang", lang, "--help"]) == 0
    told = capsys.readouterr().out
    assert all(f"\n    {one}" in told for one in COMMANDS)
    assert ("运行全部笔记本" in told, "run the notebooks" in told) == (lang == "zh", lang == "en")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("lang", LANGS)
def test_every_command_explains_each_of_its_arguments(capsys, monkeypatch, command, lang):
    monkeypatch.setenv("CRM_LANG", lang)
    assert main([command, "--help"]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in (*COMMANDS[command], "--home", "--lang") if name.startswith("--"))
    assert ("选项:" in told) == (lang == "zh")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["rum"], "没有命令「rum」，最接近的是：run。"),
        (["run", "--perod", "2024-06"], "crm run 不认识「--perod」，可写：--period。"),
        (["run", "--period"], "crm run：--period 后面要写一个值。"),
        (["run", "--jobs", "0"], "crm run：--jobs 应为大于 0 的整数，收到的是「0」"),
        (["run", "2024-06"], "crm run 不认识「2024-06」"),
        (["show"], "crm show 还缺：CUSTOMER。"),
        (["decide", "maybe", "a", "b"], "same|different 没有「maybe」，可写：same, different"),
        (["runs", "--lang", "fr"], "--lang 没有「fr」，可写：zh, en"),
        (["sample", "x", "--seed", "y"], "写法不对"),
        (["trace", "--lang", "en"], "crm trace also needs: FIGURE."),
    ],
)
def test_a_wrong_word_is_told_with_what_it_might_have_been(capsys, typed, told):
    assert main(typed) == 3
    assert told in capsys.readouterr().err


def test_without_a_command_the_help_is_shown(capsys):
    assert main([]) == 3
    assert "命令:" in capsys.readouterr().err


@pytest.mark.parametrize("typed", [["--lang", "en", "runs"], ["runs", "--lang=en"]])
def test_the_language_and_the_home_may_stand_before_or_behind_the_command(capsys, tmp_path, typed):
    assert main(["--home", str(tmp_path), *typed]) == 0
    assert "nothing was published" in capsys.readouterr().out


def test_an_old_book_that_is_not_there_is_told_before_anything_runs(capsys, tmp_path):
    assert main(["run", "--book", "v9", "--period", "2024-06", "--home", str(tmp_path)]) == 3
    assert "还没有账本" in capsys.readouterr().err and not (tmp_path / "reports").exists()


@pytest.mark.parametrize("table", ["customers", "amendments"])
def test_a_template_that_is_there_already_may_be_filled_in_and_is_left_alone(capsys, tmp_path, table):
    words = ["template", table, "--home", str(tmp_path), "--out", str(tmp_path / "a.xlsx")]
    assert main(words) == 0
    before = (tmp_path / "a.xlsx").read_bytes()
    assert main(words) == 3 and (tmp_path / "a.xlsx").read_bytes() == before
    assert "没有覆盖" in capsys.readouterr().err


def test_a_fault_of_ours_is_told_short_and_in_full_on_request(capsys, monkeypatch):
    def fails(args, say):
        raise ZeroDivisionError("half way")

    monkeypatch.setattr(commands, "do_runs", fails)
    assert main(["runs"]) == 1 and "ZeroDivisionError" in capsys.readouterr().err
    monkeypatch.setenv("CRM_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["runs"])


@pytest.mark.demand("L05")
def test_the_one_on_record_is_the_systems_user_and_the_documents_say_what_controls_access(tmp_path, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "zhou")
    assert main(["review", "数字不对", "--period", "2024-06", "--home", str(tmp_path)]) == 0
    assert [line.who for line in read_lines(Home(tmp_path))] == ["zhou"]
    told = (CHECKOUT / "docs" / "privacy.md").read_text(encoding="utf-8")
    assert "file permissions of the system and the login of JupyterLab are what controls access" in told
