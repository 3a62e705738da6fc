"""A company name taken apart: region, core (字号 and trade), form and branch, so that two spellings can be compared."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import NamedTuple

_TRADES_TEXT = """
    科技 信息 网络 软件 技术 电子 通信 通讯 数码 数据 智能 系统 互联网 电商 电子商务 贸易 商贸 商务 外贸 进出口 国际 国际贸易 实业 工业 工贸 企业 产业 事业 发展 开发 投资 控股 资产 资本
    资产管理 基金 管理 企业管理 咨询 顾问 服务 策划 传媒 传播 广告 文化 文化传播 影视 教育 培训 体育 旅游 旅行 酒店 酒店管理 餐饮 食品 饮料 酒业 农业 农牧 牧业 林业 渔业 水产 生物 生态
    环保 环境 能源 新能源 电力 电气 电器 电源 电缆 光电 光伏 半导体 机械 机电 机床 设备 装备 仪器 仪表 自动化 工程 建筑 建设 建材 装饰 装修 设计 置业 地产 房地产 房地产开发 物业 物业管理
    物流 货运 运输 航空 航运 港口 铁路 快递 供应链 供应链管理 汽车 汽车销售 车辆 配件 医药 制药 药业 医疗 医疗器械 器械 健康 保健 化工 化学 材料 新材料 塑料 塑胶 橡胶 金属 钢铁 钢材
    有色金属 矿业 煤炭 石油 石化 燃气 水泥 玻璃 陶瓷 纸业 造纸 印刷 包装 包装制品 制品 纺织 服装 服饰 家具 家居 家电 五金 日用品 用品 办公用品 百货 超市 零售 批发 销售 营销 制造 加工 生产
    租赁 融资租赁 金融 银行 保险 证券 担保 信托 人力资源 劳务 安防 安全 检测 科学 研究 艺术 娱乐 游戏 动漫 珠宝 化妆品 美容 园林 园艺 种植 养殖 股份制 集团 联合 综合
"""
TRADES = frozenset(_TRADES_TEXT.split())
_BRACKETS = {ord(sign): "()"[side] for side, signs in enumerate(("[{〔【「『<《", "]}〕】」』>》")) for sign in signs}
_DROPPED = re.compile(r"[ ·•.,，。、;；:：'\"`’‘“”_/\\|!?~-]+")
_MASK = re.compile(r"[*]+|某+|(?<![a-z])x{2,}(?![a-z])")
_UNITS_TEXT = "分公司 子公司 支公司 分行 支行 分店 分厂 分部 分院 分所 分中心 办事处 代表处 营业部"
_UNITS = _UNITS_TEXT.split()
_BRANCH_ENDS = tuple([*_UNITS, *(unit + ")" for unit in _UNITS)])
_BRANCH = re.compile(rf"\(?([^()]*?)({'|'.join(_UNITS)})\)?$")
_STORE = re.compile(r"\(([^()]{2,12}店)\)$")
_HEAD_END = re.compile(r"^.*(?:公司|集团|[厂店院所行社校])\)?")
_FORMS_TEXT = "(集团) (控股) (普通合伙) (有限合伙) (特殊普通合伙) 集团 股份 有限 责任 总公司 公司 合伙企业"
_FORMS = _FORMS_TEXT.split()
_ENGLISH_FORM = re.compile(r"(?:co)?(?:ltd|limited|inc|llc|gmbh|plc|corporation|corp)$|(?<=[a-z]{3})company$")
_NOTE = re.compile(r"\((?:原|曾用名|已|老|新|旧|重复|停用|注销|个体|vip)[^()]*\)")
_INSTITUTIONS_TEXT = "厂 店 社 院 所 行 部 馆 校 站 局 会 中心 大学 合伙企业 合伙 工作室 超市 农场"
_INSTITUTIONS = tuple(_INSTITUTIONS_TEXT.split())
_DISTRICT = re.compile(r"^[\u4e00-\u9fff]{2,3}?(?:新区|[市县区])(?=.{2})")
_MUNICIPALITIES = frozenset(["北京", "上海", "天津", "重庆", "香港", "澳门"])
_WHICH = frozenset("一二三四五六七八九十百东南西北中上下前后左右甲乙丙丁0123456789")


class CompanyName(NamedTuple):
    """`full` is the whole name as a key; `core` is 字号 and trade. `branch` is "" for the head office, None if unsaid.

    `registered`: a whole name as in a register. `vague`: masked, or nothing but trade and form; no evidence of anyone.
    """

    full: str
    province: str
    city: str
    core: str
    mark: str
    trade: str
    form: str
    branch: str | None
    registered: bool
    vague: bool
    lead: str  # what stands before the first star of a masked name, else all of `full`


def simplify(text: str) -> str:
    """One width, lower case, simplified characters, one kind of bracket."""
    return text.translate(_simplified()).casefold()


def parse_companies(names: Iterable[str]) -> list[CompanyName]:
    """One parsed name per name. What can be done to all of them at once is done to one long text."""
    given = [" ".join(name.split()) for name in names]
    lines = simplify("\n".join(given))
    return [_parse(line) for line in _DROPPED.sub("", lines).split("\n")][: len(given)]


def parse_company(name: str) -> CompanyName:
    """上海市示例科技股份有限公司北京分公司 → 上海, 示例科技 (示例 + 科技), 股份有限公司, 北京分公司."""
    return parse_companies([name])[0]


def _parse(text: str) -> CompanyName:
    if "*" in text or "某" in text or "xx" in text:
        text = _MASK.sub("*", text)
    masked = "*" in text
    full = text
    if "(" in text:
        full = text.replace("(", "").replace(")", "")
        text = _NOTE.sub("", text)
    text, branch = _cut_branch(text)
    form = _tail_of(text, _FORM_TAIL)
    if not form and text[-1:].isascii() and (english := _ENGLISH_FORM.search(text)):
        form = english.group()
    text = text[: len(text) - len(form)] or text
    province, city, rest = split_place(text)
    if len(rest) < 2:  # 上海(集团): the place is the name
        rest = text
    if "(" in rest:
        province, city, rest = _cut_brackets(province, city, rest)
    elif city and (district := _DISTRICT.match(rest)):
        rest = rest[district.end() :]
    trade = _tail_of(rest, _TRADE_TAIL)
    if trade == rest and rest != text:  # 上海电气, 中国银行: the place is the 字号
        rest = text.replace("(", "").replace(")", "")
    mark = rest[: len(rest) - len(trade)]
    vague = masked or not mark or len(rest) < 2
    registered = not vague and (
        (("公司" in form) and (len(form) > 2 or len(rest) > 2 or bool(province))) or full.endswith(_INSTITUTIONS)
    )
    said = branch if branch or registered else None
    lead = full[: full.index("*")] if masked else full
    return CompanyName(full, province, city, rest, mark, trade, form, said, registered, vague, lead)


def compare_companies(a: CompanyName, b: CompanyName) -> str:
    """How two names may stand for one company: a code such as NAME_SHORTENED; "" when they may not."""
    if a.full == b.full:
        return "NAME_SAME"
    if a.vague or b.vague:
        return "NAME_MASKED" if _may_be(a, b) or _may_be(b, a) else ""
    if a.branch and b.branch and a.branch != b.branch or not _places_agree(a, b):
        return ""
    if a.core == b.core:
        return "NAME_CORE_SAME"
    short, long = sorted((a.core, b.core), key=len)
    if len(short) >= 2 and (short in long or (not (a.registered and b.registered) and _abbreviates(a, b))):
        return "NAME_SHORTENED"
    return "NAME_TYPO" if len(short) >= 4 and is_one_slip(short, long) else ""


def _may_be(vague: CompanyName, other: CompanyName) -> bool:
    """张* may be 张三, 科技公司 may be 示例科技; 李* and 贸易公司 may not."""
    if not vague.vague:
        return False
    return other.full.startswith(vague.lead) if "*" in vague.full else vague.core in other.core


def is_one_slip(short: str, long: str) -> bool:
    """One character wrong, missing, added or swapped; 第一 and 第二 are no slip."""
    start = 0
    while start < len(short) and short[start] == long[start]:
        start += 1
    end = 0
    while end < len(short) - start and short[-1 - end] == long[-1 - end]:
        end += 1
    x, y = short[start : len(short) - end], long[start : len(long) - end]
    if len(x) > 2 or len(y) > 2 or (len(y) == 2 and x != y[::-1]) or (x and set(x + y) <= _WHICH):
        return False
    return len(y) < 2 or len(x) == 2


def split_place(text: str) -> tuple[str, str, str]:
    """(province, city, what follows): 广东省深圳市南山区… → 广东, 深圳, 南山区…; what is not said is "".

    `text` is simplified. 昆山 is a city here; `home_city` knows that it belongs to 苏州.
    """
    starts = _places().starts
    province = city = ""
    if text.startswith("中国") and len(text) > 3:
        text = text[2:]
    for _ in range(2):
        for word, its_province, its_city in starts.get(text[:2], ()):
            if text.startswith(word) and not (city if its_city else province) and province in ("", its_province):
                province, city, text = its_province, its_city or city, text[len(word) :]
                break
        else:
            break
    return province, city or (province if province in _MUNICIPALITIES else ""), text


def home_city(city: str) -> str:
    """The city of a county-level city; any other place is its own."""
    return _places().homes.get(city, city)


def _cut_branch(text: str) -> tuple[str, str]:
    """The name without its branch tail, and the branch: where it is and what it is called."""
    if text.endswith("店)") and (store := _STORE.search(text)):
        return text[: store.start()], store[1]
    found = _BRANCH.search(text) if text.endswith(_BRANCH_ENDS) else None
    if not found:
        return text, ""
    stem = text[: found.start(2)]
    head = _HEAD_END.match(stem)
    if head:
        where, stem = stem[head.end() :], head.group()
    else:  # 示例科技北京分公司: only a known place tells where the name ends
        where = next((stem[i:] for i in range(2, len(stem) - 1) if _is_place(stem[i:])), "")
        stem = stem[: len(stem) - len(where)]
    where = where.strip("()")
    province, city, rest = split_place(where)
    return stem.rstrip("("), (city or province) + rest + found[2]


def _cut_brackets(province: str, city: str, text: str) -> tuple[str, str, str]:
    """示例(上海)科技: a place in brackets is the region, (集团) is form; other words stay part of the name."""
    for inside in re.findall(r"\(([^()]*)\)?", text):
        in_province, in_city, rest = split_place(inside)
        if (in_province and not rest) or inside in ("中国", "集团", "控股", ""):
            province, city = province or in_province, city or in_city
            text = text.replace(f"({inside})", "", 1)
    return province, city, text.replace("(", "").replace(")", "")


def _is_place(text: str) -> bool:
    province, _, rest = split_place(text)
    return bool(province) and not rest


def _tails(words: Iterable[str]) -> re.Pattern[str]:
    """Matches words at the end of a text that is turned round: much faster than looking for an end from the start."""
    return re.compile(
        "(?:" + "|".join(re.escape(word[::-1]) for word in sorted(words, key=lambda w: (-len(w), w))) + ")+"
    )


_TRADE_TAIL, _FORM_TAIL = _tails(TRADES), _tails(_FORMS)


def _tail_of(text: str, tail: re.Pattern[str]) -> str:
    """The words at the end of a text: 示例网络科技 → 网络科技."""
    found = tail.match(text[::-1])
    return text[len(text) - found.end() :] if found else ""


def _places_agree(a: CompanyName, b: CompanyName) -> bool:
    """深圳 and 广州 are two companies; 广东 and 深圳 may be one, unless both names are whole."""
    if a.city and b.city:
        return a.city == b.city
    if a.province and b.province:
        return a.province == b.province and not (a.registered and b.registered and a.city != b.city)
    return True


def _abbreviates(a: CompanyName, b: CompanyName) -> bool:
    """台泥 for 台湾水泥: the letters of the short name in their order, beginning with the first of name or region."""
    short, long = (a, b) if len(a.full) < len(b.full) else (b, a)
    if len(short.core) > 4 or short.core[0] not in (long.core[0], long.full[0]):
        return False
    rest = iter(long.full)
    return all(sign in rest for sign in short.core)


@cache
def _simplified() -> dict[int, str]:
    """Traditional → simplified, character by character (OpenCC's table, the first of several readings); wide → narrow."""
    table = files("opencc").joinpath("dictionary", "TSCharacters.txt").read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in table.splitlines() if line)
    forms = (
        chr(code) for start, end in ((0x2460, 0x2500), (0xF900, 0xFB00), (0xFF00, 0xFFF0)) for code in range(start, end)
    )
    narrow = {ord(form): unicodedata.normalize("NFKC", form) for form in forms}
    return {ord(old): new.split()[0] for old, new in pairs} | narrow | _BRACKETS | dict.fromkeys(map(ord, "×○●"), "*")


class _Places(NamedTuple):
    starts: dict[str, list[tuple[str, str, str]]]  # first two characters → (name, province, city or ""), longest first
    homes: dict[str, str]  # county-level city → city


@cache
def _places() -> _Places:
    """All names of provinces and cities; each place is called by its shortest name."""
    from crmlib.reference import load_reference

    table = load_reference("places")
    short = table.sort_values("name", key=lambda names: -names.str.len()).set_index(["kind", "code"])["name"].to_dict()
    province = {code[:2]: name for (kind, code), name in short.items() if kind == "province"}
    places = _Places({}, {})
    for name, kind, code, city in table[["name", "kind", "code", "city"]].itertuples(index=False):
        own = "" if kind == "province" else short[kind, code]
        places.starts.setdefault(name[:2], []).append((name, province[code[:2]], own))
        if kind == "county" and isinstance(city, str):
            places.homes[own] = re.sub(r"市$", "", city)
    for names in places.starts.values():
        names.sort(key=lambda place: (-len(place[0]), not place[2], place))
    return places
