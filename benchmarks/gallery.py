"""The pictures of the README: page, paper, workbook and working paper of the sample's report. `make gallery`.

    python benchmarks/gallery.py [--report reports/2024-06] [--out docs/gallery]

Without --report the sample is run in a folder of its own. Needs Chromium, pdftoppm and LibreOffice (soffice).
"""

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

PERIOD = "2024-06"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
SHOTS = {  # picture → page, window, and where it is scrolled to
    "page": ("report.html", {"viewport": {"width": 1280, "height": 900}}, ""),
    "night": ("report.html", {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"}, "tiers"),
    "phone": ("report.html", {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1.5}, ""),
    "working_paper": ("notebooks/50_profile.html", {"viewport": {"width": 1100, "height": 900}}, ""),
}


def run_sample(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "crmlib.cli", "run", "--period", PERIOD, "--home", str(folder)], check=True)
    return folder / "reports" / PERIOD


def shoot_pages(report: Path) -> dict[str, Image.Image]:
    from playwright.sync_api import sync_playwright

    made = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name, (path, window, target) in SHOTS.items():
            page = browser.new_page(**window)
            page.goto((report / path).resolve().as_uri())
            if target:
                page.evaluate(f"document.getElementById('{target}').scrollIntoView({{behavior: 'instant'}})")
            made[name] = _open(page.screenshot())
        browser.close()
    return made


def shoot_paper(pdf: Path, *, pages: list[int], folder: Path, dpi: int = 80) -> Image.Image:
    """Pages of a PDF side by side."""
    drawn = []
    for page in pages:
        name = folder / f"{pdf.stem}-{page}"
        command = [
            "pdftoppm",
            "-r",
            str(dpi),
            "-f",
            str(page),
            "-l",
            str(page),
            "-png",
            "-singlefile",
            str(pdf),
            str(name),
        ]
        subprocess.run(command, check=True)
        drawn.append(_open(name.with_suffix(".png").read_bytes()))
    gap, wide, high = 12, sum(one.width for one in drawn), max(one.height for one in drawn)
    sheet = Image.new("RGB", (wide + gap * (len(drawn) + 1), high + 2 * gap), "#d8dee4")
    left = gap
    for one in drawn:
        sheet.paste(one, (left, gap))
        left += one.width + gap
    return sheet


def shoot_workbook(workbook: Path, *, folder: Path) -> Image.Image:
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder / "x"), str(workbook)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return shoot_paper(folder / "x" / f"{workbook.stem}.pdf", pages=[2, 3], folder=folder, dpi=70)


def _open(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs" / "gallery")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        report = given.report or run_sample(folder / "home")
        made = shoot_pages(report)
        made["paper"] = shoot_paper(report / "report.pdf", pages=[1, 3], folder=folder)
        made["workbook"] = shoot_workbook(report / "report.xlsx", folder=folder)
    given.out.mkdir(parents=True, exist_ok=True)
    for name, picture in made.items():
        picture.quantize(128, dither=Image.Dither.NONE).save(given.out / f"{name}.png", optimize=True)
    total = sum((given.out / f"{name}.png").stat().st_size for name in made)
    print(f"{len(made)} pictures, {total / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
