import html
import json
import math
import pathlib

import numpy as np
from IPython.display import HTML, display
from scipy import stats

DATA = pathlib.Path("data")
run = json.loads((DATA / "findings.json").read_text(encoding="utf-8"))
with open(DATA / "trials.jsonl", encoding="utf-8", newline="\n") as lines:
    trials = [json.loads(line) for line in lines]

MEASURES = {"latency": "latency_s", "cost": "cost_usd"}


def table(head, rows):
    """Shows a table; whatever stands in a cell is text."""
    cells = lambda tag, row: "".join(
        f"<{tag}>{html.escape(str(cell))}</{tag}>" for cell in row
    )
    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    display(HTML(f"<table><thead><tr>{cells('th', head)}</tr></thead><tbody>{body}</tbody></table>"))


def shown(value):
    return "–" if value is None else f"{value:.6g}"


def near(a, b, relative=1e-9, absolute=1e-12):
    return math.isclose(a, b, rel_tol=relative, abs_tol=absolute)


print(f"{run['experiment']}: {len(trials)} trials, {len(run['hypotheses'])} hypotheses")
