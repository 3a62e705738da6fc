"""A company name taken apart: region, core (字号 and trade), form and branch, so that two spellings can be compared."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.intake.columns import distinct
from crmlib.intake.regions import place_words, split_place
from crmlib.intake.spelling import BLANKS, simplify_all

_TRADES_TEXT = """
    科技 信息 网络 软件 技术 电子 通信 通讯 数码 数据 智能 系统 互联网 电商 电子商务 贸易 商贸 商务 外贸 进出口 国际 国际贸易 实业 工业 工贸 企业 产业 事业 发展 开发 投资 控股 资产 资本
    资产管理 基金 管理 企业管理 咨询 顾问 服务 策划 传媒 传播 广告 文化 文化传播 影视 教育 培训 体育 旅游 旅行 酒店 酒店管理 餐饮 食品 饮料 酒业 农业 农牧 牧业 林业 渔业 水产 生物 生态
    环保 环境 能源 新能源 电力 电气 电器 电源 电缆 光电 光伏 半导体 机械 机电 机床 设备 装备 仪器 仪表 自动化 工程 建筑 建设 建材 装饰 装修 设计 置业 地产 房地产 房地产开发 物业 物业管理
    物流 货运 运输 航空 航运 港口 铁路 快递 供应链 供应链管理 汽车 汽车销售 车辆 配件 医药 制药 药业 医疗 医疗器械 器械 健康 保健 化工 化学 材料 新材料 塑料 塑胶 橡胶 金属 钢铁 钢材
    有色金属 矿业 煤炭 石油 石化 燃气 水泥 玻璃 陶瓷 纸业 造纸 印刷 包装 包装制品 制品 纺织 服装 服饰 家具 家居 家电 五金 日用品 用品 办公用品 百货 超市 零售 批发 销售 营销 制造 加工 生产
    租赁 融资租赁 金融 银行 保险 证券 担保 信托 人力资源 劳务 安防 安全 检测 科学 研究 艺术 娱乐 游戏 动漫 珠宝 化妆品 美容 园林 园艺 种植 养殖 股份制 集团 联合 综合
"""
TRADES = frozenset(_TRADES_TEXT.split())
_SIGNS = "·•.,，。、;；:：'\"`’‘“”_/\\|!?~-"
_MASK = re.compile(r"[*]+|某+|(?<![a-z])x{2,}(?![a-z])")
_MAY_BE_MASKED = "[*某]|xx"
_UNITS = "分公司|子公司|支公司|分行|支行|分店|分厂|分部|分院|分所|分中心|办事处|代表处|营业部"
_BRANCH = re.compile(rf"({_UNITS})\)?$")
_STORE = re.compile(r"\(([^()]{2,12}店)\)$")
_ONE_PAIR = r"^(?P<head>[^()]*)\((?P<inside>[^()]*)\)(?P<tail>[^()]*[^()a-z])$"
_HEAD_END = re.compile(r"^.*(?:公司|集团|[厂店院所行社校])\)?")
_ODD = rf"\(|[a-z]$|(?:{_UNITS})$"
_FORMS = "(?:集团|股份|有限|责任|总公司|公司|合伙企业)+"
_TRADE_TAIL = f"(?:{'|'.join(sorted(TRADES))})+$"
_FORM_IN_BRACKETS = frozenset(["中国", "集团", "控股", "普通合伙", "有限合伙", "特殊普通合伙", ""])
_ENGLISH_FORM = re.compile(r"(?:co)?(?:ltd|limited|inc|llc|gmbh|plc|corporation|corp)$|(?<=[a-z]{3})company$")
_NOTE = re.compile(r"\((?:原|曾用名|已|老|新|旧|重复|停用|注销|个体|vip)[^()]*\)")
_INSTITUTION = "(?:[厂店社院所行部馆校站局会]|中心|大学|合伙企业|合伙|工作室|超市|农场)$"
_DISTRICT = "^[\u4e00-\u9fff]{2,3}?(?:新区|[市县区])(..)"
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
    branch: str | None
    registered: bool
    vague: bool

    @property
    def form(self) -> str:
        found = re.search(_FORMS, self.full)
        return found.group() if found else ""


_SCHEMA = pa.schema(
    [(field, pa.bool_() if field in ("registered", "vague") else pa.string()) for field in CompanyName._fields]
)


class _Core(NamedTuple):
    """What two names that do not have the same core are compared by."""

    full: str
    core: str
    registered: bool
    vague: bool


class _Opened(NamedTuple):
    """A name without branch, brackets and foreign form; the place that stood in brackets."""

    text: str
    branch: str
    province: str
    city: str
    bracketed: bool


def plain_names(names: pa.Array) -> pa.Array:
    """Names simplified, without blanks and signs, masks as one star: as much as can be done to all of them at once."""
    plain = simplify_all(names, drop=_SIGNS + BLANKS)
    masked = pc.match_substring_regex(plain, _MAY_BE_MASKED)
    stars = [_MASK.sub("*", name) for name in plain.filter(masked).to_pylist()]
    return pc.replace_with_mask(plain, masked, pa.array(stars, pa.string()))


def parse_company(name: str) -> CompanyName:
    """上海市示例科技股份有限公司北京分公司 → 上海, 示例科技 (示例 + 科技), 股份有限公司, 北京分公司."""
    return parse_companies([name])[0]


def parse_companies(names: Iterable[str]) -> list[CompanyName]:
    """One parsed name per name."""
    return list_companies(parse_plain(plain_names(pa.array(names, pa.string()))))


def list_companies(table: pa.Table) -> list[CompanyName]:
    return [CompanyName(*row) for row in zip(*(table[field].to_pylist() for field in CompanyName._fields), strict=True)]


def parse_plain(names: pa.Array) -> pa.Table:
    """One row per plain name, the fields of CompanyName. All names at once, but for those with brackets or a branch."""
    odd = pc.match_substring_regex(names, _ODD)
    plain = (names, *[pa.repeat("", len(names))] * 3, pa.repeat(False, len(names)))
    opened = zip(plain, _open_all(names.filter(odd)), strict=True)
    text, branch, in_province, in_city, bracketed = (pc.replace_with_mask(all_, odd, some) for all_, some in opened)
    stem = _cut(text, f"{_FORMS}$")
    stem = pc.if_else(pc.equal(stem, ""), text, stem)  # 有限公司: the form is all that is said
    form_length = pc.subtract(pc.utf8_length(text), pc.utf8_length(stem))
    province, city, core = _split_places(stem)
    core = pc.if_else(pc.less(pc.utf8_length(core), 2), stem, core)  # 上海(集团): the place is the name
    within = pc.and_(pc.match_substring_regex(core, _DISTRICT), pc.and_not(pc.not_equal(city, ""), bracketed))
    districts = [re.sub(_DISTRICT, r"\1", name) for name in core.filter(within).to_pylist()]
    core = pc.replace_with_mask(core, within, pa.array(districts, pa.string()))
    mark = _cut(core, _TRADE_TAIL)
    trade = _slice(core, _size(mark), _size(core))
    placed = pc.and_(pc.equal(mark, ""), pc.not_equal(core, stem))  # 上海电气, 中国银行: the place is the 字号
    core = pc.if_else(placed, stem, core)
    mark = pc.if_else(placed, _slice(stem, np.zeros(len(stem), int), _size(stem) - _size(trade)), mark)
    short = pc.or_(pc.less(pc.utf8_length(core), 2), pc.equal(mark, ""))
    vague = pc.or_(pc.match_substring(names, "*"), short)
    province = pc.if_else(pc.equal(province, ""), in_province, province)
    city = pc.if_else(pc.equal(city, ""), in_city, city)
    full = pc.replace_substring(pc.replace_substring(names, "(", ""), ")", "")
    long = pc.or_(pc.greater(form_length, 2), pc.greater(pc.utf8_length(core), 2))
    company = pc.and_(pc.ends_with(text, "公司"), pc.or_(long, pc.not_equal(province, "")))
    registered = pc.and_not(pc.or_(company, pc.match_substring_regex(full, _INSTITUTION)), vague)
    said = pc.or_(registered, pc.not_equal(branch, ""))
    branch = pc.if_else(said, branch, pa.scalar(None, pa.string()))
    columns = (full, province, city, core, mark, trade, branch, registered, vague)
    return pa.table(dict(zip(CompanyName._fields, columns, strict=True)))


def _cut(texts: pa.Array, pattern: str) -> pa.Array:
    return pc.replace_substring_regex(texts, pattern, "")


def _size(texts: pa.Array) -> np.ndarray:
    return pc.binary_length(texts).to_numpy()


def _slice(texts: pa.Array, start: np.ndarray, stop: np.ndarray) -> pa.Array:
    """text[start:stop] for each text, counted in bytes."""
    _, offsets, letters = texts.buffers()
    begin = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts)] + start.astype(np.int32)
    ends = np.append(0, np.cumsum(stop - start)).astype(np.int32)
    at = np.arange(ends[-1], dtype=np.int32) + np.repeat(begin - ends[:-1], stop - start)
    sliced = np.frombuffer(letters, np.uint8)[at] if len(at) else at
    return pa.StringArray.from_buffers(len(texts), pa.py_buffer(ends), pa.py_buffer(sliced))


def _split_places(texts: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
    """split_place for a column: what may be places stands in few different ways."""
    china = pc.and_(pc.starts_with(texts, "中国"), pc.greater(pc.utf8_length(texts), 3))
    texts = pc.if_else(china, pc.utf8_slice_codeunits(texts, 2), texts)
    few = len(texts) < 500  # reading the pattern of all places costs more than asking each name
    rest = pa.repeat("", len(texts)) if few else _cut(texts, f"^(?:{place_words()})(?:{place_words()})?")
    heads = _slice(texts, np.zeros(len(texts), int), _size(texts) - _size(rest)).dictionary_encode()
    split = zip(*map(split_place, heads.dictionary.to_pylist()), strict=True) if len(texts) else [[]] * 3
    province, city, left = (pa.array(column, pa.string()).take(heads.indices) for column in split)
    return province, city, pc.binary_join_element_wise(left, rest, "")


def _open_all(names: pa.Array) -> list[pa.Array]:
    """_open for a column, field by field: mostly what stands in their one pair of brackets is all that there is to tell."""
    parts = pc.extract_regex(names, _ONE_PAIR)
    simple = pc.and_not(parts.is_valid(), pc.match_substring_regex(names, f"{_NOTE.pattern}|(?:{_UNITS})$"))
    head, inside, tail = (parts.field(part).filter(simple) for part in range(3))
    codes, words = distinct(inside)
    told = [_in_brackets(word) for word in words.to_pylist()]
    rest, province, city = (pa.array([one[at] for one in told], pa.string()).take(pa.array(codes)) for at in range(3))
    nothing, yes = pa.repeat("", len(head)), pa.repeat(True, len(head))
    found = (pc.binary_join_element_wise(head, rest, tail, ""), nothing, province, city, yes)
    others = [_open(name) for name in names.filter(pc.invert(simple)).to_pylist()]
    place = np.argsort(np.argsort(np.asarray(pc.invert(simple)), kind="stable"))
    return [
        pa.concat_arrays([column, pa.array([one[at] for one in others], column.type)]).take(pa.array(place))
        for at, column in enumerate(found)
    ]


def _in_brackets(inside: str) -> tuple[str, str, str]:
    """(what is of the name, province, city): a place in brackets is the region; other words are of the name."""
    province, city, rest = split_place(inside)
    return ("", province, city) if (province and not rest) or inside in _FORM_IN_BRACKETS else (inside, "", "")


def _open(text: str) -> _Opened:
    text, branch = _cut_branch(_NOTE.sub("", text))
    text = _ENGLISH_FORM.sub("", text) or text
    province = city = ""
    bracketed = "(" in text
    for inside in re.findall(r"\(([^()]*)\)?", text):
        kept, in_province, in_city = _in_brackets(inside)
        province, city = province or in_province, city or in_city
        text = text if kept else text.replace(f"({inside})", "", 1)
    return _Opened(text.replace("(", "").replace(")", ""), branch, province, city, bracketed)


def compare_companies(a: CompanyName, b: CompanyName) -> str:
    """How two names may stand for one company: a code such as NAME_SHORTENED; "" when they may not."""
    return compare_columns(*(pa.table({k: [v] for k, v in one._asdict().items()}, _SCHEMA) for one in (a, b)))[0]


def compare_columns(a: pa.Table, b: pa.Table) -> np.ndarray:
    """compare_companies for each row of two tables; only what is not the same core is looked at one by one."""
    same = {key: pc.equal(a[key], b[key]).to_numpy() for key in ("full", "core", "city", "province")}
    said = {
        key: pc.and_(pc.not_equal(a[key], ""), pc.not_equal(b[key], "")).fill_null(False).to_numpy()
        for key in ("branch", "city", "province")
    }
    branches = said["branch"] & pc.not_equal(a["branch"], b["branch"]).fill_null(False).to_numpy()
    whole = pc.and_(a["registered"], b["registered"]).to_numpy()
    vague = pc.or_(a["vague"], b["vague"]).to_numpy()
    # 深圳 and 广州 are two companies; 广东 and 深圳 may be one, unless both names are whole
    in_province = ~said["province"] | (same["province"] & ~(whole & ~same["city"]))
    meet = ~branches & np.where(said["city"], same["city"], in_province)
    codes = np.where(same["full"], "NAME_SAME", np.where(meet & same["core"] & ~vague, "NAME_CORE_SAME", "")).astype(
        object
    )
    rest = np.flatnonzero(~same["full"] & (vague | (meet & ~same["core"])))
    some = ([table[field].take(pa.array(rest)).to_pylist() for field in _Core._fields] for table in (a, b))
    pairs = zip(*(map(_Core, *columns) for columns in some), strict=True)
    codes[rest] = [_compare_cores(x, y) for x, y in pairs]
    return codes


def _compare_cores(a: _Core, b: _Core) -> str:
    if a.vague or b.vague:
        return "NAME_MASKED" if _may_be(a, b) or _may_be(b, a) else ""
    short, long = sorted((a.core, b.core), key=len)
    if len(short) >= 2 and (short in long or (not (a.registered and b.registered) and _abbreviates(a, b))):
        return "NAME_SHORTENED"
    return "NAME_TYPO" if len(short) >= 4 and is_one_slip(short, long) else ""


def _may_be(vague: _Core, other: _Core) -> bool:
    """张* may be 张三, 科技公司 may be 示例科技; 李* and 贸易公司 may not."""
    if not vague.vague:
        return False
    lead, star, _ = vague.full.partition("*")
    return other.full.startswith(lead) if star else vague.core in other.core


def is_one_slip(short: str, long: str) -> bool:
    """One character wrong, missing, added or swapped; 第一 and 第二 are no slip."""
    if len(long) - len(short) > 1:
        return False
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


def _cut_branch(text: str) -> tuple[str, str]:
    """The name without its branch tail, and the branch: where it is and what it is called."""
    if store := _STORE.search(text):
        return text[: store.start()], store[1]
    found = _BRANCH.search(text)
    if not found:
        return text, ""
    stem = text[: found.start()]
    head = _HEAD_END.match(stem)
    if head:
        where, stem = stem[head.end() :], head.group()
    else:  # 示例科技北京分公司: only a known place tells where the name ends
        where = next((stem[i:] for i in range(2, len(stem) - 1) if _is_place(stem[i:])), "")
        stem = stem[: len(stem) - len(where)]
    where = where.strip("()")
    province, city, rest = split_place(where)
    return stem.rstrip("("), (city or province) + rest + found[1]


def _is_place(text: str) -> bool:
    province, _, rest = split_place(text)
    return bool(province) and not rest


def _abbreviates(a: _Core, b: _Core) -> bool:
    """台泥 for 台湾水泥: the letters of the short name in their order, beginning with the first of name or region."""
    short, long = (a, b) if len(a.full) < len(b.full) else (b, a)
    if len(short.core) > 4 or short.core[0] not in (long.core[0], long.full[0]):
        return False
    rest = iter(long.full)
    return all(sign in rest for sign in short.core)
