"""Customer analysis kit: raw exports in, one file per customer, tiers, churn risk and a monthly report out."""

__version__ = "0.1.0"
