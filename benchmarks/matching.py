"""How well and how fast customers are matched, at once and import by import, on generated records with their truth.

    python benchmarks/matching.py --part link --n 1000000 --seed 1

link    match_rows: cleaning, links, uniting, ids and questions, with pairwise precision, recall and F1
merge   merge_customers: the golden records of what was linked
renew   match_new: the last `--new` rows beside the others, and whether all is as if matched anew
import  files to book: all but the last rows, then these, then the same without the index of the version before
rules   two of the rules' keys paired by sorted numbers, and by one Ibis query on DuckDB

Each part runs in a process of its own, so that time and memory are its own; printed is a line of JSON: seconds of processor
time, in all and by step, and the largest memory. Records are made once and kept in `--keep`. Others: matching_others.py.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from importlib import import_module
from pathlib import Path

import ibis
import pandas as pd
from customer_records import kept_records

from crmlib.book.build import build_book
from crmlib.book.importing import import_files
from crmlib.home import Home
from crmlib.inputs import list_inputs
from crmlib.intake.evidence import gather_evidence
from crmlib.intake.matching import match_rows
from crmlib.intake.merging import merge_customers
from crmlib.intake.pairing import find_pairs, join_keys, order_rows
from crmlib.intake.renewing import match_all, match_new
from crmlib.keys import SAMPLE_KEY
from crmlib.labels import speaker
from crmlib.settings import parse_settings

STEPS = {
    "link": ("intake.matching", ("gather_evidence", "find_links", "unite", "assign_ids", "_once_per_pair", "_publish")),
    "merge": ("intake.merging", ("_customers_of", "_in_order", "_choose", "_gather", "_history", "_trace")),
    "renew": ("intake.renewing", ("hash_rows", "gather_evidence", "_reach", "match_evidence", "_keys_of", "_join", "_join_keys")),
    "import": ("book.build", ("load_sheets", "resolve_references", "_match", "renewed_customers", "_merge", "assemble_tables",
                              "trace_rows", "_names", "carry_over", "publish", "keep_keys")),
}  # fmt: skip
HEADERS = {"row_id": "客户编号", "name": "客户名称", "contact_name": "联系人", "phone": "手机", "email": "邮箱",
           "uscc": "统一社会信用代码", "city": "城市", "entity_type": "客户类型"}  # fmt: skip


def pairs_of(groups: pd.Series) -> int:
    sizes = groups.value_counts()
    return int((sizes * (sizes - 1) // 2).sum())


def score(row_to_group: pd.Series, truth: pd.Series) -> dict[str, float]:
    """Pairwise precision, recall and F1 of one grouping of the same rows against another."""
    both = row_to_group.astype("str") + "|" + truth.reindex(row_to_group.index).astype("str")
    right, said, true = pairs_of(both), pairs_of(row_to_group), pairs_of(truth)
    precision, recall = right / max(said, 1), right / max(true, 1)
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / max(precision + recall, 1e-9)}


def round_all(figures: dict) -> dict:
    return {key: round(float(value), 4) for key, value in figures.items()}


@contextmanager
def timed(part: str, name: str) -> Iterator[dict[str, float]]:
    """Processor seconds of what happens inside, in all and of each step of `part`."""
    place, steps = STEPS[part]
    module, seconds = import_module(f"crmlib.{place}"), {f"{name}_cpu_s": 0.0}
    kept = {step: getattr(module, step) for step in steps}

    def clock(step: str, run):
        def timed_run(*args, **kwargs):
            start = time.process_time()
            try:
                return run(*args, **kwargs)
            finally:
                label = f"{name}.{step.strip('_')}"
                seconds[label] = seconds.get(label, 0.0) + time.process_time() - start

        return timed_run

    for step, run in kept.items():
        setattr(module, step, clock(step, run))
    start, wall = time.process_time(), time.perf_counter()
    yield seconds
    seconds[f"{name}_cpu_s"], seconds[f"{name}_wall_s"] = time.process_time() - start, time.perf_counter() - wall
    for step, run in kept.items():
        setattr(module, step, run)


def run_link(rows: pd.DataFrame, truth: pd.Series, _new: int) -> dict:
    match_rows(rows.head(100))  # what is loaded once is not measured
    with timed("link", "link") as seconds:
        matched = match_rows(rows)
    asked = truth.loc[matched.review["row_a"]].to_numpy() == truth.loc[matched.review["row_b"]].to_numpy()
    customer = matched.row_to_customer
    facts = gather_evidence(rows.sort_values("row_id"), hub_names=8).rows[["uscc", "branch"]]
    facts = facts.where(facts >= 0).groupby(customer.sort_index().to_numpy()).nunique().max()
    return seconds | score(customer, truth) | {
        "review_share": len(asked) / len(rows), "review_true": asked.mean() if len(asked) else 1,
        "largest": customer.value_counts().max(), "largest_true": truth.value_counts().max(),
        "credit_codes_in_one": facts["uscc"], "branches_in_one": facts["branch"],
    }  # fmt: skip


def run_merge(rows: pd.DataFrame, truth: pd.Series, _new: int) -> dict:
    """By the true groups: as many customers, without the cost of finding them."""
    merge_customers(rows.head(100), truth.head(100))
    with timed("merge", "merge") as seconds:
        merged = merge_customers(rows, "K" + truth.astype("str"))
    return seconds | {"customers": len(merged.customers)}


def run_renew(rows: pd.DataFrame, _truth: pd.Series, new: int) -> dict:
    match_all(rows.head(100))
    old = rows.iloc[:-new]
    with timed("renew", "all") as first:
        before = match_all(old)
    known = before.matched.row_to_customer
    with timed("renew", "new") as seconds:
        renewed = match_new(rows, before=before, known=known)
    full = match_all(rows, known=known)
    equal = full.matched.row_to_customer.equals(renewed.matched.row_to_customer)
    return first | seconds | {"new": new, "judged": len(renewed.reached), "equal": equal}


def run_import(rows: pd.DataFrame, _truth: pd.Series, new: int) -> dict:
    """A customer sheet of all but the last rows, and one of these; "full": the last import with all matched and merged anew."""
    home = Home(Path(tempfile.mkdtemp()))
    found = import_and_build(home, rows.iloc[:-new], "first")
    twin = Home(Path(tempfile.mkdtemp()) / "twin")
    shutil.copytree(home.root, twin.root)
    (twin.vault / "matching.sealed").unlink()
    found |= import_and_build(home, rows.iloc[-new:], "new") | import_and_build(twin, rows.iloc[-new:], "full")
    for one in (home, twin):
        shutil.rmtree(one.root)
    return found


def import_and_build(home: Home, rows: pd.DataFrame, name: str) -> dict[str, float]:
    home.inbox.mkdir(parents=True, exist_ok=True)
    words = rows["entity_type"].map({"org": "单位", "person": "个人"})
    rows = rows.assign(entity_type=words)[[*HEADERS]].rename(columns=HEADERS)
    rows.to_csv(home.inbox / f"{name}.csv", index=False)
    start, known = time.process_time(), parse_settings()
    import_files(home, list_inputs([home.inbox / f"{name}.csv"]), settings=known, origin="sample",
                 received_on=date(2024, 7, 1), say=speaker("zh"), tell=lambda line: None)  # fmt: skip
    read = time.process_time() - start
    with timed("import", name) as seconds:
        built = build_book(home, settings=known, key=SAMPLE_KEY, origin="sample")
    told = {k: n for k, n in built.renewal._asdict().items() if n and k != "why"}
    return {f"{name}.read": read} | seconds | {f"{name}.{k}": n for k, n in told.items()}


def run_rules(rows: pd.DataFrame, _truth: pd.Series, _new: int) -> dict:
    """The pairs of one key, before names are compared: by sorting numbers, and as one Ibis query on DuckDB, one thread each."""
    evidence = gather_evidence(rows.sort_values("row_id", ignore_index=True), hub_names=8)
    by_row, phones = order_rows(evidence.rows), evidence.points["phone"]
    core_city = [evidence.rows[key].to_numpy() for key in ("core", "city", "seat")]
    by_key = {"phone": ([phones.value], phones.r), "core_city": (core_city, evidence.rows["r"].to_numpy())}
    engine, seconds = ibis.duckdb.connect(threads=1), {}
    for name, (columns, r) in by_key.items():
        start = time.process_time()
        at, key = join_keys(columns)
        a, _ = find_pairs(key, r[at], by_row, "compatible")
        middle = time.process_time()
        keys = pd.DataFrame({"key": key, "r": r[at], "label": by_row["label"][r[at]]})
        keys = engine.create_table(name, keys, temp=True)
        loaded = time.process_time()
        found = len(pairs_query(keys).to_pyarrow())
        end = time.process_time()
        seconds |= {
            f"{name}.sorted_cpu_s": middle - start,
            f"{name}.load_cpu_s": loaded - middle,
            f"{name}.query_cpu_s": end - loaded,
        }
        seconds |= {f"{name}.sorted_pairs": len(a), f"{name}.query_pairs": found}
    return seconds


def pairs_query(keys: ibis.Table) -> ibis.Table:
    """a, b: each row with the first of its name under a key, and the first rows of different names with one another."""
    first = keys.mutate(a=keys.r.min().over(group_by=["key", "label"])).filter(ibis._.a < ibis._.r).select("a", b="r")
    heads = keys.group_by("key", "label").agg(r=keys.r.min())
    other = heads.view()
    return first.union(heads.join(other, [heads.key == other.key, heads.r < other.r]).select(a=heads.r, b=other.r))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    runs = {"link": run_link, "merge": run_merge, "renew": run_renew, "import": run_import, "rules": run_rules}
    options.add_argument("--part", nargs="+", default=["link", "merge"], choices=runs)
    options.add_argument("--n", type=int, nargs="+", default=[100_000])
    options.add_argument("--seed", type=int, nargs="+", default=[1])
    options.add_argument("--new", type=int, default=5000)
    options.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()))
    options.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.file:
        rows = pd.read_parquet(chosen.file)
        truth, memory = (
            rows.set_index("row_id")["entity"],
            lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        )
        base, rows = memory(), rows.drop(columns="entity")
        found = round_all(runs[chosen.part[0]](rows, truth, chosen.new))
        return print(
            json.dumps({"part": chosen.part[0], "rows": len(rows), "base_mb": base, "peak_mb": memory(), **found})
        )
    for n in chosen.n:
        for seed in chosen.seed:
            file = kept_records(n, seed=seed, folder=chosen.keep)
            for part in chosen.part:
                command = [sys.executable, __file__, "--file", str(file), "--part", part, "--new", str(chosen.new)]
                subprocess.run(command, check=True)
    return None


if __name__ == "__main__":
    main()
