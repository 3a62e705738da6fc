"""An invented company's eleven files as people really make them, faults included, and the truth about both."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SAMPLE_PERIOD = "2024-06"  # the last full month of the sample


def write_sample(
    directory: str | Path, *, customers: int = 600, seed: int = 7, truth: str | Path | None = None
) -> list[Path]:
    """Write 24 months of `customers` to eleven files in `directory` and return their paths; equal arguments, equal bytes.

    truth: a folder, or a Parquet file, for who is who in each row (`rows`) and which fault is where (`faults`).
    """
    from crmlib.sample.faults import plant_faults
    from crmlib.sample.files import Truth, write_file, write_truth
    from crmlib.sample.records import build_world
    from crmlib.sample.sheets import build_files

    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    known = Truth([], [])
    paths = []
    with _collector_at_rest():
        world = build_world(customers, seed=seed)
        for sheets in build_files(world):
            plant_faults(sheets, rng=world.dice("faults " + sheets[0].file), customers=customers)
            paths.append(write_file(directory, sheets, known))
        if truth is not None:
            write_truth(Path(truth), known)
    return paths


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """A third of the time would go into walking over rows that are all still needed."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
