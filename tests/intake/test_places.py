import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.intake.places import Place, find_place, parse_place


@pytest.mark.demand("A20")
def test_an_address_tells_province_city_and_region():
    found = parse_place("广东深圳南山区", kind="address")
    assert found == (Place("广东深圳南山区", "广东省", "深圳市", "华南"), None, None)


@pytest.mark.demand("A20")
@pytest.mark.parametrize(
    ("text", "province", "city"),
    [
        ("广东省深圳市南山区示例路1号", "广东省", "深圳市"),
        ("深圳 南山区", "广东省", "深圳市"),
        ("广东-深圳", "广东省", "深圳市"),
        ("中国浙江省杭州市", "浙江省", "杭州市"),
        ("上海市徐汇区", "上海市", "上海市"),
        ("北京朝阳区", "北京市", "北京市"),  # 朝阳 is a city of 辽宁 too
        ("吉林市昌邑区", "吉林省", "吉林市"),
        ("吉林长春", "吉林省", "长春市"),
        ("义乌市", "浙江省", "金华市"),
        ("中国（四川）自由贸易试验区成都高新区", "四川省", "成都市"),
        ("江苏", "江苏省", None),
    ],
)
def test_places_are_known_by_full_and_short_names(text, province, city):
    assert find_place(text) == (province, city)


@pytest.mark.parametrize("text", ["朝阳区建国路", "南京路100号", "示例大厦"])
def test_a_district_or_a_road_is_no_city(text):
    found = parse_place(text, kind="address")
    assert (found.value.province, found.note) == (None, "PLACE_UNKNOWN")


def test_a_column_keeps_what_no_table_knows_without_complaint():
    assert parse_place("Texas", kind="province") == (Place("Texas", "Texas"), None, None)
    assert parse_place("1 Sample Street", kind="address").note is None


def test_a_column_of_cities_reads_a_name_as_a_city_and_one_of_regions_as_a_region():
    assert parse_place("吉林", kind="city").value[1:] == ("吉林省", "吉林市", "东北")
    assert parse_place("吉林", kind="province").value[1:] == ("吉林省", None, "东北")
    assert [parse_place(text, kind="region").value.region for text in ("华东", "华东地区", "广东", "East")] == [
        "华东",
        "华东",
        "华南",
        "East",
    ]


@given(st.text() | st.from_regex("[广东省深圳市吉林上海北京朝阳区路]{1,10}", fullmatch=True))
def test_reading_a_place_twice_is_reading_it_once(text):
    for kind in ("address", "province", "city", "region"):
        value = parse_place(text, kind=kind).value
        if value is not None and getattr(value, kind):
            assert getattr(parse_place(getattr(value, kind), kind=kind).value, kind) == getattr(value, kind)
