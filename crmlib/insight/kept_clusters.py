"""Kept clusters: the grouping of the first run stays; a fresh fit takes its place on request, and only if it moves few customers."""

from dataclasses import asdict
from datetime import date
from typing import NamedTuple

import pandas as pd

from crmlib.book.models import keep_model, model_for, model_version, read_models
from crmlib.home import Home
from crmlib.insight.clusters import TRIED, ClusterModel, fit_clusters, refit_clusters, refit_noise
from crmlib.judging import Clusters

NAME = "clusters"


class Settled(NamedTuple):
    """model: what holds; None where no number of clusters is stable. tried: the numbers that were, empty for a kept model.

    noise: the share of customers that a fresh fit would move; missing where there was none. outcome: fitted, kept, refitted,
    refused (the fresh fit would move too many) or none.
    """

    model: ClusterModel | None
    tried: pd.DataFrame
    noise: float | None
    outcome: str


def settle_clusters(
    home: Home, measures: pd.DataFrame, *, rules: Clusters, as_of: date, refit: bool = False
) -> Settled:
    """The kept model of these settings, else a fresh one, which is then kept. With `refit` a fresh fit takes its place where it
    moves at most `rules.max_noise` of the customers; a kept model stays as it was for the months before."""
    version = model_version(rules)
    kept = model_for(read_models(home, NAME, version=version), as_of=as_of)
    if kept is None:
        model, tried = fit_clusters(measures, rules=rules, as_of=as_of)
        if model:
            keep_model(home, NAME, asdict(model) | {"tried": tried.to_dict("records")}, version=version)
        return Settled(model, tried, None, "fitted" if model else "none")
    nothing = pd.DataFrame(columns=TRIED)
    tried = kept.pop("tried", None)
    model = ClusterModel.from_json(kept)
    if tried and not refit and model.fitted_on == as_of.isoformat():  # the day it was fitted, told once more alike
        return Settled(model, pd.DataFrame(tried, columns=TRIED), None, "fitted")
    if not refit:
        return Settled(model, nothing, None, "kept")
    fresh = refit_clusters(measures, model, as_of=as_of)
    noise = refit_noise(model.place(measures), fresh.place(measures))
    if noise > rules.max_noise or fresh.ari < rules.min_ari or fresh.smallest < rules.min_share:
        return Settled(model, nothing, noise, "refused")
    keep_model(home, NAME, asdict(fresh), version=version)
    return Settled(fresh, nothing, noise, "refitted")
