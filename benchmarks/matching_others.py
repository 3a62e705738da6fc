"""Others than our rules on the same records: Splink with our cleaning, listed companies' two names, febrl's people.

    python benchmarks/matching_others.py --n 100000 --seed 1 --data FOLDER

`--data`: a folder with names/ and matching/. Splink needs the extra `bench`; its threshold is the best of several against the truth.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from customer_records import kept_records
from matching import round_all, score

from crmlib.intake.company import compare_columns, parse_plain, plain_names
from crmlib.intake.evidence import gather_evidence
from crmlib.intake.matching import match_rows


def run_splink(rows: pd.DataFrame, truth: pd.Series) -> dict:
    """Splink 5 with our own cleaning as its columns."""
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
        whole, brief = (parse_plain(plain_names(pa.array(table[column], pa.string()))) for column in (full, short))
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
    options.add_argument("--n", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--data", type=Path)
    options.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()))
    chosen = options.parse_args()
    if chosen.data:
        compare_names_report(chosen.data)
        febrl_report(chosen.data)
    rows = pd.read_parquet(kept_records(chosen.n, seed=chosen.seed, folder=chosen.keep))
    truth = rows.set_index("row_id")["entity"]
    print(json.dumps({"part": "splink", "rows": len(rows), **run_splink(rows.drop(columns="entity"), truth)}))


if __name__ == "__main__":
    main()
