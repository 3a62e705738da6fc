"""Generated Chinese B2B customer records with known duplicates, and their truth; nothing of the sample's generator is used."""

import random
from pathlib import Path

import pandas as pd

from crmlib.intake.codes import uscc_check_character

SIGNS = "华东方兴达盛瑞恒泰信德成元鑫宏博远联通顺安康富利嘉丰和美佳金银龙凯星海天宇润泽禾诚广源隆祥永昌合众新立创智云启明亿百千万中正永久长青松柏林森峰岳川江河湖源清雅致优品尚"
TRADE_WORDS = "科技 网络科技 信息技术 贸易 商贸 实业 电子 机械设备 食品 餐饮管理 建材 装饰工程 物流 文化传媒 教育咨询 医疗器械 化工 纺织 服饰 包装制品 新能源 环保工程 自动化设备 国际贸易 广告"
TRADES = TRADE_WORDS.split()
CITIES = {"上海": "021", "北京": "010", "广州": "020", "深圳": "0755", "杭州": "0571", "南京": "025", "苏州": "0512", "成都": "028",
          "武汉": "027", "西安": "029", "重庆": "023", "天津": "022", "宁波": "0574", "青岛": "0532", "长沙": "0731", "郑州": "0371",
          "厦门": "0592", "无锡": "0510", "合肥": "0551", "沈阳": "024", "大连": "0411", "佛山": "0757", "东莞": "0769", "济南": "0531"}  # fmt: skip
FORMS = ["有限公司"] * 8 + ["有限责任公司"] * 2 + ["股份有限公司"]
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰"
TRADITIONAL = str.maketrans("华东兴达联龙银创亿万长众盛国贸电机医疗纺织", "華東興達聯龍銀創億萬長眾盛國貿電機醫療紡織")


def generate(records: int, *, seed: int = 1, duplicates: float = 0.2) -> tuple[pd.DataFrame, pd.Series]:
    """(rows, truth): truth is the entity of each row, by row_id. About `duplicates` of the rows repeat an entity."""
    pick = random.Random(seed)
    entities = [
        _person(pick) if pick.random() < 0.12 else _company(pick) for _ in range(int(records * (1 - duplicates)))
    ]
    agents = [_mobile(pick) for _ in range(max(1, records // 5000))]
    for one in entities:
        other = entities[pick.randrange(len(entities))]
        chance = pick.random()
        if one["type"] == "org" and other["type"] == "org" and other is not one:
            if chance < 0.02:  # a sister: same 字号, other trade, same switchboard
                one |= {key: other[key] for key in ("mark", "city", "phones")} | {"branch": ""}
                one["trade"] = pick.choice([t for t in TRADES if t not in other["trade"] and other["trade"] not in t])
            elif chance < 0.04 and not other["branch"]:  # a branch of the other, in another city
                one |= {key: other[key] for key in ("mark", "trade", "form", "city", "emails")}
                one["branch"] = pick.choice([c for c in CITIES if c != other["city"]]) + "分公司"
            elif chance < 0.06:  # the same core in another city
                one |= {"mark": other["mark"], "trade": other["trade"], "branch": ""}
                one["city"] = pick.choice([c for c in CITIES if c != other["city"]])
            elif chance < 0.09:
                one["phones"] = [pick.choice(agents)]
            elif chance < 0.10:
                one["phones"] = [pick.choice(["13800138000", "11111111111", "无", "暂无"])]
    taken: set[tuple] = set()
    for one in entities:  # no office registers one name twice in a city
        while one["type"] == "org" and (key := (one["mark"], one["trade"], one["city"], one["branch"])) in taken:
            one["mark"] = "".join(pick.choices(SIGNS, k=3))
        taken.add(key if one["type"] == "org" else ())
    chosen = list(range(len(entities))) + [pick.randrange(len(entities)) for _ in range(records - len(entities))]
    seen: set[int] = set()
    rows, truth = [], []
    for place in chosen:
        rows.append(_record(entities[place], pick, again=place in seen))
        seen.add(place)
        truth.append(place)
    order = pick.sample(range(len(rows)), len(rows))
    table = pd.DataFrame([rows[i] for i in order])
    table.insert(0, "row_id", [f"R{n:07d}" for n in range(len(rows))])
    return table, pd.Series([truth[i] for i in order], index=table["row_id"])


def _mobile(pick: random.Random) -> str:
    return f"1{pick.choice(['00', '01', '20'])}{pick.randrange(10**8):08d}"


def _company(pick: random.Random) -> dict:
    city = pick.choice(list(CITIES))
    phones = [_mobile(pick)] + ([f"{CITIES[city]}-{pick.randrange(10**7):07d}"] if pick.random() < 0.4 else [])
    first17 = "91" + f"{pick.randrange(10**6):06d}" + "MA" + f"{pick.randrange(10**7):07d}"
    return {
        "type": "org", "mark": "".join(pick.choices(SIGNS, k=pick.choice([2, 2, 2, 3]))), "trade": pick.choice(TRADES),
        "form": pick.choice(FORMS), "city": city, "branch": "", "contact": _name(pick), "phones": phones,
        "emails": [f"u{pick.randrange(10**9)}@example.{pick.choice(['com', 'cn', 'org'])}"],
        "uscc": first17 + uscc_check_character(first17), "id": "",
    }  # fmt: skip


def _name(pick: random.Random) -> str:
    return pick.choice(SURNAMES) + "".join(pick.choices(GIVEN, k=pick.choice([1, 2, 2])))


def _person(pick: random.Random) -> dict:
    name = _name(pick)
    return {"type": "person", "name": name, "contact": "", "phones": [_mobile(pick)], "uscc": "", "city": pick.choice(list(CITIES)),
            "emails": [f"p{pick.randrange(10**9)}@example.net"], "id": ""}  # fmt: skip


def _record(one: dict, pick: random.Random, *, again: bool) -> dict:
    """One row about the entity; `again`: as somebody else would type it."""
    chance = pick.random
    name = _company_name(one, pick, again) if one["type"] == "org" else _person_name(one["name"], pick, again)
    phones, contact, emails = list(one["phones"]), one["contact"], list(one["emails"])
    if again and chance() < 0.10:
        phones = [_mobile(pick)]
    if again and chance() < 0.15:
        contact = _name(pick) if contact else ""
    if again and chance() < 0.10:
        emails = [f"n{pick.randrange(10**9)}@example.com"]
    phone = "" if chance() < (0.2 if again else 0.05) else ";".join(phones if chance() < 0.7 else phones[:1])
    if again and phone and chance() < 0.3:
        phone = pick.choice([f"+86 {phone}", " ".join([phone[:3], phone[3:7], phone[7:]]), phone])
    return {
        "name": name, "contact_name": contact, "phone": phone, "email": "" if chance() < 0.5 else pick.choice([str.upper, str])(emails[0]),
        "uscc": one["uscc"] if chance() < 0.35 else "", "city": "" if chance() < 0.3 else one["city"] + pick.choice(["", "市"]),
        "entity_type": one["type"], "source": pick.choice(["crm", "web", "fair"]),
    }  # fmt: skip


def _company_name(one: dict, pick: random.Random, again: bool) -> str:
    mark, trade, form, city = one["mark"], one["trade"], one["form"], one["city"]
    if again and pick.random() < 0.06 and len(mark + trade) >= 4:
        at = pick.randrange(len(mark))
        mark = mark[:at] + pick.choice(SIGNS) + mark[at + 1 :]
    region = pick.choice([city, city, city + "市"]) if again else city
    whole = region + mark + trade + form
    if again:
        whole = pick.choices(
            [whole, mark + trade + form, region + mark + trade, mark + trade, f"{mark}（{city}）{trade}{form}", mark],
            [50, 12, 10, 12, 10, 6],
        )[0]
    text = whole + one["branch"]
    if again and pick.random() < 0.05:
        text = text.translate(TRADITIONAL)
    if again and pick.random() < 0.05:
        text = " ".join([text[:2], text[2:]])
    return text


def _person_name(name: str, pick: random.Random, again: bool) -> str:
    return (
        pick.choices([name, name[0] + "*", name[0] + "先生", name[0] + " " + name[1:]], [80, 8, 6, 6])[0]
        if again
        else name
    )


def kept_records(records: int, *, seed: int, folder: Path) -> Path:
    """A Parquet of them with a column `entity`, made once and found again."""
    file = folder / f"rows_{records}_{seed}.parquet"
    if not file.exists():
        rows, truth = generate(records, seed=seed)
        rows.assign(entity=truth.to_numpy()).to_parquet(file)
    return file
