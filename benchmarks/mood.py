"""How well the mood of a text is told: the kit's list of words beside guessing and beside a model that learned on other texts.

    python benchmarks/mood.py [--data ../shared/data]

Delivery reviews marked good or bad (waimai_10k). Half of them, drawn by a fixed seed, are for testing; the model (TF-IDF of one
to three characters, logistic regression) learns on the other half. The words were written from knowledge; only texts of the
learning half were looked at, after the list was written. A text the list does not judge counts as the commoner mood.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.pipeline import make_pipeline

from crmlib.intake.moods import judge_text
from crmlib.intervals import wilson

HERE = Path(__file__).parent
SEED = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "data")
    args = parser.parse_args()
    reviews = pd.read_csv(args.data / "voice" / "waimai_10k.csv")
    truth = reviews["label"].map({1: "positive", 0: "negative"})
    tested = np.random.default_rng(SEED).permutation(len(reviews)) < len(reviews) // 2
    texts, known = reviews.loc[tested, "review"], truth[tested]
    common = truth[~tested].mode()[0]
    started = time.perf_counter()
    judged = texts.map(judge_text)
    seconds = time.perf_counter() - started
    model = make_pipeline(
        TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True),
        LogisticRegression(C=10, max_iter=1000),
    )
    learned = pd.Series(model.fit(reviews.loc[~tested, "review"], truth[~tested]).predict(texts), index=texts.index)
    print(f"{len(texts):,} reviews tested, {known.eq('negative').mean():.1%} negative; words: {seconds:.2f} s")
    print(f"the words judge {judged.notna().mean():.1%} of them; of these:")
    some = judged.notna()
    for name, told in (("words", judged), ("model", learned)):
        show(name, told[some], known[some])
    print("of all:")
    for name, told in (("commoner", known.map(lambda _: common)), ("words", judged.fillna(common)), ("model", learned)):
        show(name, told, known)


def show(name: str, told: pd.Series, known: pd.Series) -> None:
    right = int(told.eq(known).sum())
    low, high = wilson(right, len(known))
    print(
        f"  {name:9} accuracy {accuracy_score(known, told):.3f} ({low:.3f}–{high:.3f})  macro-F1 {f1_score(known, told, average='macro'):.3f}"
    )


if __name__ == "__main__":
    main()
