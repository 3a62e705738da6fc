"""Words: both languages, the same blanks, nothing used that is not there."""

import re
from pathlib import Path

import pytest

from crmlib import errors, labels
from crmlib.errors import DataError, SettingsError, UsageError
from crmlib.labels import blanks_of, flatten_labels, load_labels, speaker

PACKAGE = Path(labels.__file__).parent


def test_every_label_has_both_languages_and_equal_blanks():
    assert len(load_labels()) > 100  # loading proves the rest


@pytest.mark.parametrize(
    ("tree", "key"),
    [({"a": {"b": {"zh": "甲"}}}, "a.b"), ({"a": {"zh": "甲{n}", "en": "a"}}, "a")],
)
def test_a_missing_side_and_unequal_blanks_are_refused_by_name(tree, key):
    with pytest.raises(SettingsError, match=key):
        flatten_labels(tree)


def test_every_label_named_in_the_code_exists():
    said = re.compile(r"""(?:say|Error(?:\.of)?|KeyMissing)\(\s*f?["']([a-z_]+(?:\.[A-Za-z0-9_]+)+)["']""")
    used = {key for path in PACKAGE.rglob("*.py") for key in said.findall(path.read_text(encoding="utf-8"))}
    assert len(used) > 30
    assert sorted(used - load_labels().keys()) == []


def test_a_missing_key_names_the_nearest():
    with pytest.raises(KeyError, match=r"error\.no_inbox"):
        speaker("zh")("error.no_inbx")


def test_a_language_that_the_kit_does_not_speak_is_refused():
    with pytest.raises(UsageError, match="zh"):
        speaker("fr")


@pytest.mark.demand("M10")
def test_an_error_speaks_chinese_by_default_and_english_on_request():
    error = DataError("error.no_inbox", path="收件箱")
    assert "没有文件" in str(error) and "收件箱" in str(error)
    assert "put the exported files into" in error.message("en")
    assert error.exit_code == 3


def test_several_problems_are_told_at_once_and_survive_a_process_border():
    import pickle

    both = SettingsError.of(
        [SettingsError("error.label_blanks", key="a"), SettingsError("error.label_blanks", key="b")]
    )
    assert str(pickle.loads(pickle.dumps(both))).splitlines() == str(both).splitlines()
    assert len(str(both).splitlines()) == 2


def test_exit_codes_are_those_of_the_command():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.CrmError)]
    codes = {kind.__name__: kind.exit_code for kind in kinds}
    assert codes["CrmError"] == 1 and codes["CheckError"] == codes["NotebookError"] == 2
    assert codes["DataError"] == codes["SettingsError"] == codes["UsageError"] == codes["KeyMissing"] == 3


def test_blanks_are_found_by_name():
    assert blanks_of("{a} 与 {b:.1f}") == {"a", "b"}
