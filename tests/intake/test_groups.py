"""Groups: who carries a 集团's 字号 belongs to it, and is merged with nobody."""

import pandas as pd

from crmlib.intake import match_rows
from crmlib.intake.groups import find_groups


def groups(*names: str) -> dict[str, tuple]:
    found = find_groups(pd.DataFrame({"customer_id": [f"K{n}" for n in range(len(names))], "name": names}))
    return {row.customer_id: (row.group_id, row.why) for row in found.itertuples()}


def test_companies_of_a_group_s_core_or_its_long_mark_belong_to_it():
    assert groups("示例科技集团有限公司", "北京示例科技有限公司", "上海另一科技有限公司") == {"K1": ("K0", "CORE_SAME")}
    assert groups("甲乙丙集团有限公司", "上海甲乙丙贸易有限公司", "甲乙丙（北京）食品有限公司") == {
        "K1": ("K0", "MARK_SAME"),
        "K2": ("K0", "MARK_SAME"),
    }


def test_two_signs_are_shared_by_chance_and_two_groups_of_one_name_own_nobody():
    assert groups("甲乙集团有限公司", "上海甲乙贸易有限公司") == {}
    assert groups("甲乙丙集团有限公司", "上海甲乙丙集团有限公司", "甲乙丙贸易有限公司") == {}


def test_a_group_and_its_company_stay_two_customers():
    table = pd.DataFrame(
        {"row_id": [1, 2], "name": ["甲乙丙集团有限公司", "上海甲乙丙贸易有限公司"], "phone": "10012345670"}
    )
    assert match_rows(table).row_to_customer.nunique() == 2
