"""Is a customer an organisation or a person? Its own column says so; else its name does."""

import re
from collections.abc import Iterable

from crmlib.intake.cells import tidy

_ORG_WORDS = re.compile(
    r"公司|集团|工厂|厂$|商店|店$|商行|超市|商场|酒店|宾馆|饭店|餐厅|医院|诊所|药房|学校|大学|学院|中学|小学|幼儿园|银行|"
    r"事务所|研究院|研究所|设计院|中心|协会|学会|商会|基金会|合作社|农场|委员会|办公室|管理处|局$|院$|社$|部$|行$|馆$|站$|"
    r"科技|软件|网络|贸易|实业|电子|机械|制造|食品|服饰|建材|物流|传媒|咨询|医药|能源|电器|五金|化工|置业|投资|控股|"
    r"工作室|俱乐部|经营部|门市|分部|办事处|有限|股份|\b(?:inc|ltd|llc|co|corp|gmbh|plc|limited|company|group)\b",
    re.I,
)
_HONORIFIC = re.compile(r"(?:先生|女士|小姐|经理|主任|总监|老师|医生|总)$")
_PEOPLE = re.compile(r"(?:[人员者]|姓名|名字|昵称|代表|经理|主管|主任|专员|顾问|老师|导购|客服|销售|对象)$")
_HAN_NAME = re.compile(r"^[\u4e00-\u9fff㐀-䶿]{2,4}$|^[\u4e00-\u9fff]{2,10}·[\u4e00-\u9fff·]{2,14}$")


def entity_of(name: str, surnames: frozenset[str]) -> str:
    """ "person" for two to four Han characters that begin with a surname and do not end like an organisation, else "org"."""
    words = tidy(name).replace(" ", "")
    if _ORG_WORDS.search(words):
        return "org"
    if "·" in words and _HAN_NAME.match(words):
        return "person"
    bare = _HONORIFIC.sub("", words).replace("*", "某")
    begins_with_surname = bare[:2] in surnames or bare[:1] in surnames
    if begins_with_surname and (_HAN_NAME.match(bare) or (len(bare) == 1 and bare != words)):
        return "person"
    return "org"


def holds_people(header: str, values: Iterable[str], surnames: frozenset[str]) -> bool:
    """Whether an unknown column names people: its header says so, and so do most of its values."""
    if not _PEOPLE.search(re.sub(r"[(（].*|[\s*＊:：\d]+$", "", header)):
        return False
    found = [entity_of(value, surnames) == "person" for value in values]
    return sum(found) * 2 > len(found)
