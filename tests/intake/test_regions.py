"""Places: what a text begins with."""

from crmlib.intake.regions import home_city, split_place


def test_a_place_is_read_from_the_start_of_a_text():
    assert split_place("广东省深圳市南山区一号") == ("广东", "深圳", "南山区一号")
    assert split_place("上海市徐汇区") == ("上海", "上海", "徐汇区")
    assert split_place("海角路") == ("", "", "海角路")
    assert split_place("吉林长春示例") == ("吉林", "长春", "示例")


def test_a_county_level_city_belongs_to_its_city():
    assert home_city("昆山") == "苏州" and home_city("上海") == "上海"
