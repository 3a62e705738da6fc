"""How well and how fast customers are matched: generated Chinese B2B records with known duplicates, and their truth.

    python benchmarks/matching.py --records 100000 1000000 --seed 1 2 --parts ours splink incremental --data FOLDER

Prints a line of JSON for each: pairwise precision, recall and F1, seconds of processor time, peak memory. `splink` needs the
extra `bench`. Each part runs in a process of its own. Nothing of the sample's generator is used.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crmlib.intake.codes import uscc_check_character
from crmlib.intake.company import compare_columns, parse_plain, plain_names
from crmlib.intake.evidence import gather_evidence
from crmlib.intake.matching import match_rows
from crmlib.intake.merging import merge_customers
from crmlib.intake.renewing import match_all, match_new

SECRET = "a benchmark only"

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


def pairs_of(groups: pd.Series) -> int:
    sizes = groups.value_counts()
    return int((sizes * (sizes - 1) // 2).sum())


def score(row_to_group: pd.Series, truth: pd.Series) -> dict[str, float]:
    """Pairwise precision, recall and F1 of one grouping of the same rows against another."""
    both = row_to_group.astype("str") + "|" + truth.reindex(row_to_group.index).astype("str")
    right, said, true = pairs_of(both), pairs_of(row_to_group), pairs_of(truth)
    precision, recall = right / max(said, 1), right / max(true, 1)
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / max(precision + recall, 1e-9)}


def measure(part: str, file: Path, limit: int) -> None:
    """One part in a process of its own, so that its time and memory are its own. Prints one line of JSON."""
    rows = pd.read_parquet(file)
    truth = rows.set_index("row_id")["entity"]
    rows = rows.drop(columns="entity")
    base = memory_mb()
    result = {"ours": run_ours, "splink": run_splink, "incremental": run_incremental}[part](rows, truth, limit)
    print(json.dumps({"part": part, "rows": len(rows), "base_mb": base, "peak_mb": memory_mb(), **result}))


def memory_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def round_all(figures: dict) -> dict:
    return {key: round(float(value), 4) for key, value in figures.items()}


def run_ours(rows: pd.DataFrame, truth: pd.Series, _limit: int) -> dict:
    merge_customers(rows.head(100), match_rows(rows.head(100)).row_to_customer)  # what is loaded once is not measured
    start = time.process_time()
    matched = match_rows(rows)
    middle = time.process_time()
    merge_customers(rows, matched.row_to_customer)
    end = time.process_time()
    asked = truth.loc[matched.review["row_a"]].to_numpy() == truth.loc[matched.review["row_b"]].to_numpy()
    customer = matched.row_to_customer
    facts = gather_evidence(rows.sort_values("row_id"), hub_names=8).rows[["uscc", "branch"]]
    facts = facts.where(facts >= 0).groupby(customer.sort_index().to_numpy()).nunique().max()
    return round_all(
        score(customer, truth)
        | {"match_cpu_s": middle - start, "merge_cpu_s": end - middle, "cpu_s": end - start}
        | {"review_share": len(asked) / len(rows), "review_true": asked.mean() if len(asked) else 1}
        | {"largest": customer.value_counts().max(), "largest_true": truth.value_counts().max()}
        | {"credit_codes_in_one": facts["uscc"], "branches_in_one": facts["branch"]}
    )


def run_incremental(rows: pd.DataFrame, _truth: pd.Series, new: int) -> dict:
    """The last `new` rows beside the others, which lie in files: keys, rows and the registry."""
    old, fresh = rows.iloc[:-new], rows.iloc[-new:]
    folder = Path(tempfile.mkdtemp())
    start = time.process_time()
    first, _, keys = match_all(old, secret=SECRET)
    built = time.process_time() - start
    pq.write_table(keys, folder / "keys.parquet")
    old.to_parquet(folder / "rows.parquet")
    known = first.row_to_customer
    match_rows(old.head(100))

    def fetch(row_ids: pd.Index) -> pd.DataFrame:
        wanted = pa.table({"row_id": pa.array(row_ids, pa.string())})  # noqa: F841 (the query reads it)
        query = f"SELECT * FROM '{folder / 'rows.parquet'}' SEMI JOIN wanted USING (row_id)"
        with duckdb.connect(config={"threads": 1}) as db:
            return db.execute(query).df()

    start = time.process_time()
    stored = pq.read_table(folder / "keys.parquet", use_threads=False)
    renewed = match_new(fresh, keys=stored, fetch=fetch, secret=SECRET, known=known)
    seconds = time.process_time() - start
    full = match_rows(rows, known=known).row_to_customer
    ours = pd.concat([known[~known.index.isin(renewed.reached)], renewed.matched.row_to_customer])
    size = (folder / "keys.parquet").stat().st_size / 1e6
    found = {"new": len(fresh), "reached": len(renewed.reached), "equal": full.equals(ours.reindex(full.index))}
    return round_all(found | {"cpu_s": seconds, "match_and_keys_cpu_s": built, "keys_mb": size})


def run_splink(rows: pd.DataFrame, truth: pd.Series, _limit: int) -> dict:
    """Splink 5 with our own cleaning as its columns; its threshold is the best of several against the truth."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    start = time.process_time()
    frame = clean_for_splink(rows)
    cleaned = time.process_time() - start
    blocks = [
        block_on(*key) for key in (["phone"], ["email"], ["uscc"], ["core", "city"], ["core", "contact"], ["full"])
    ]
    comparisons = [
        cl.JaroWinklerAtThresholds("core", [0.92, 0.8]).configure(term_frequency_adjustments=True),
        cl.ExactMatch("phone"), cl.ExactMatch("email"), cl.ExactMatch("uscc"),
        cl.ExactMatch("contact").configure(term_frequency_adjustments=True),
        cl.ExactMatch("city"), cl.ExactMatch("branch"),
    ]  # fmt: skip
    with duckdb.connect(config={"threads": 1, "memory_limit": "8GB"}) as db:
        api = DuckDBAPI(connection=db)
        settings = SettingsCreator(
            link_type="dedupe_only", blocking_rules_to_generate_predictions=blocks, comparisons=comparisons,
            retain_intermediate_calculation_columns=False, retain_matching_columns=False,
        )  # fmt: skip
        linker = Linker(api.register(frame), settings, log_level="ERROR")
        train = linker.training
        train.estimate_probability_two_random_records_match([block_on("phone"), block_on("uscc")], recall=0.7)
        train.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
        for key in (["phone"], ["core", "city"]):
            train.estimate_parameters_using_expectation_maximisation(block_on(*key))
        pairs = linker.inference.predict(threshold_match_probability=0.5)
        best: dict = {"f1": 0}
        trained = time.process_time()
        for threshold in (0.95, 0.99, 0.999, 0.9999, 0.99999):
            begin = time.process_time()
            groups = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold).as_pandas_dataframe()
            cost = time.process_time() - begin
            groups = groups.set_index("unique_id")["cluster_id"]
            found = score(groups, truth)
            if found["f1"] > best["f1"]:
                best = found | {"threshold": threshold, "cluster_cpu_s": cost, "largest": groups.value_counts().max()}
    return round_all(best | {"clean_cpu_s": cleaned, "cpu_s": trained - start + best["cluster_cpu_s"]})


def clean_for_splink(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.sort_values("row_id", ignore_index=True)
    evidence = gather_evidence(rows, hub_names=8)
    keys, names = evidence.rows, evidence.names.table

    def text(words, codes) -> pd.Series:
        return pd.Series(words.take(pa.array(codes, mask=codes < 0)).to_pylist(), dtype="str")

    def first(points) -> pd.Series:
        at = pd.Series(points.value, points.r)
        at = at[~at.index.duplicated()].reindex(range(len(rows)), fill_value=-1).to_numpy()
        return text(points.words, at)

    n = keys["n"].to_numpy()
    full, core = names["full"].combine_chunks(), names["core"].combine_chunks()
    who = pc.if_else(pc.is_null(core), full, core)
    columns = {key: text(evidence.words[key], keys[key].to_numpy()) for key in ("city", "uscc", "branch")}
    contact = text(pa.array(evidence.contacts), keys["contact"].to_numpy())
    points = {kind: first(one) for kind, one in evidence.points.items()}
    return pd.DataFrame(
        {
            "unique_id": rows["row_id"],
            "core": text(who, n),
            "full": text(full, n),
            "contact": contact,
            **columns,
            **points,
        }
    )


def compare_names_report(folder: Path) -> None:
    """Short and full names of listed companies: how many of a company's own two fit, and how many of strangers'."""
    files = (
        ("szse_fullname_shortname.csv", "公司全称", "简称_归一(本次推导)"),
        ("twse_fullname_shortname_no_persons.csv", "公司名稱", "公司簡稱"),
    )
    for file, full, short in files:
        table = pd.read_csv(folder / "names" / file, dtype=str).dropna(subset=[full, short])
        whole, brief = (parse_plain(pa.array(plain_names(table[column].tolist()))) for column in (full, short))
        own = (compare_columns(whole, brief) != "").sum()
        every = np.arange(len(table))
        fits = sum(
            int((compare_columns(whole.take(np.roll(every, step)), brief) != "").sum())
            for step in range(1, len(table), 7)
        )
        share = fits / (len(range(1, len(table), 7)) * len(table))
        print(json.dumps({"part": file, "names": len(table), "recall": round(own / len(table), 4),
                          "strangers_that_fit": f"{share:.6f}", "precision_among_all_pairs": round(own / (own + share * len(table) * (len(table) - 1)), 4)}))  # fmt: skip


def febrl_report(folder: Path) -> None:
    """People of another country with faults in every field, as our columns; beside equal keys."""
    read = lambda name: pd.read_csv(folder / "matching" / f"{name}.csv", dtype=str, skipinitialspace=True)  # noqa: E731
    for label, table in (
        ("febrl3", read("febrl3")),
        ("febrl4", pd.concat([read("febrl4a"), read("febrl4b")], ignore_index=True)),
    ):
        blank = table.fillna("")
        rows = pd.DataFrame({
            "row_id": table["rec_id"], "name": (blank["given_name"] + " " + blank["surname"]).str.strip(), "entity_type": "person",
            "id_no": "1" + table["soc_sec_id"].str.zfill(14), "city": table["suburb"],
            "address": (blank["street_number"] + " " + blank["address_1"]).str.strip(),
        })  # fmt: skip
        truth = table.set_index("rec_id").index.to_series().str.extract(r"rec-(\d+)-", expand=False)
        exact = pd.Series(pd.factorize(table["soc_sec_id"])[0], index=table["rec_id"])
        ours = match_rows(rows).row_to_customer
        print(
            json.dumps(
                {"part": label, "ours": round_all(score(ours, truth)), "equal numbers": round_all(score(exact, truth))}
            )
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--records", type=int, nargs="+", default=[100_000])
    options.add_argument("--seed", type=int, nargs="+", default=[1, 2])
    options.add_argument("--parts", nargs="*", default=["ours"], choices=["ours", "splink", "incremental"])
    options.add_argument("--new", type=int, default=5000)
    options.add_argument("--data", type=Path, help="a folder with names/ and matching/: real names and febrl")
    options.add_argument("--keep", type=Path, help="where generated records are kept and found again")
    options.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.measure:
        return measure(chosen.measure[0], Path(chosen.measure[1]), chosen.new)
    if chosen.data:
        compare_names_report(chosen.data)
        febrl_report(chosen.data)
    folder = chosen.keep or Path(tempfile.mkdtemp())
    for records in chosen.records if chosen.parts else ():
        for seed in chosen.seed:
            file = folder / f"rows_{records}_{seed}.parquet"
            if not file.exists():
                rows, truth = generate(records, seed=seed)
                rows.assign(entity=truth.to_numpy()).to_parquet(file)
            for part in chosen.parts:
                print(f"{records:,} records, seed {seed}: ", end="", flush=True)
                command = [sys.executable, __file__, "--new", str(chosen.new), "--measure", part, str(file)]
                subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
