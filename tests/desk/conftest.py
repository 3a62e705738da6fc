"""A JupyterLab of its own in headless Chromium, for notebooks that people work in."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from crmlib.home import NOTEBOOKS

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture
def open_lab(tmp_path):
    """open_lab("desk/review_duplicates.ipynb", home) → a page on which every cell of a copy of the notebook has been run."""
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import expect, sync_playwright

    @contextmanager
    def open_lab(notebook: str, home: Path):
        asked: list[str] = []
        with _server(tmp_path, notebook, home) as (base, token), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            page.on("request", lambda request: asked.append(request.url))
            page.goto(f"{base}/lab/tree/{Path(notebook).name}?token={token}")
            bar = page.locator("#jp-main-statusbar").get_by_text("Python 3 (ipykernel) | Idle")
            expect(bar).to_be_visible(timeout=90_000)  # earlier, Run All asks for a kernel
            page.locator(".lm-MenuBar-itemLabel", has_text="Run").click()
            page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
            yield page
            assert [url for url in asked if not url.startswith((base, "data:", "blob:"))] == []
            browser.close()

    return open_lab


@contextmanager
def _server(tmp: Path, notebook: str, home: Path):
    work, settings = tmp / "work", tmp / "app-settings"
    work.mkdir()
    settings.mkdir()
    news = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
    (settings / "overrides.json").write_text(json.dumps(news), encoding="utf-8")
    shutil.copy(NOTEBOOKS / notebook, work)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token, base = secrets.token_hex(16), f"http://127.0.0.1:{port}"
    own = {f"JUPYTER_{kind}_DIR": str(tmp / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    env = os.environ | own | {"IPYTHONDIR": str(tmp / "ipy"), "JUPYTER_TOKEN": token, "CRM_HOME": str(home)}
    options = [f"--port={port}", "--ip=127.0.0.1", "--no-browser", "--allow-root", f"--ServerApp.root_dir={work}",
               f"--LabApp.app_settings_dir={settings}", f"--LabApp.user_settings_dir={tmp / 'us'}",
               f"--LabApp.workspaces_dir={tmp / 'ws'}", "--ServerApp.port_retries=0", "--LabApp.news_url=None"]  # fmt: skip
    with (tmp / "lab.log").open("wb") as log:
        lab = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options], env=env, stdout=log, stderr=log, cwd=work
        )
        try:
            _wait(f"{base}/api/status", token, lab, tmp / "lab.log")
            yield base, token
        finally:
            lab.terminate()
            lab.wait(20)


def _wait(url: str, token: str, lab: subprocess.Popen, log: Path) -> None:
    for _ in range(240):
        assert lab.poll() is None, log.read_text(errors="replace")[-3000:]
        try:
            urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": f"token {token}"}), timeout=2)
            return
        except OSError:
            time.sleep(0.25)
    raise TimeoutError(url)
