"""How fast the product draws: its whole window against pyqtgraph and napari, alternated in one run.

    python benchmarks/display.py [--only NAME] [--platform offscreen|xcb] [--steps 60] [--rounds 5] [--json FILE]
                                 [--smooth] [--bare] [--speckled] [--napari] [--slices 600]

Every step changes something, and ends when all panes it touches are painted. The peers draw the nearest voxel, so
ours does too, unless --smooth. Peers get panes of the size ours have in a window of 1920 × 1200. --napari needs a
Python that has it, and a screen with OpenGL (``xvfb-run -s "-screen 0 1920x1200x24"`` is enough).

G6   axial scroll / pyqtgraph.ImageView                must <= 0.3
G7   three planes with labels, scroll / ImageItems     must <= 0.75, p99 <= 16.7 ms
G8   three planes with labels, window drag / ImageItems must <= 0.6
G9   scroll and window drag / napari                   must <= 0.2
G10  brush dab to painted / napari                     must <= 0.1
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "app"))

from display_cases import GOALS, MOST_MS, Case, Options, cases
from display_timing import compare


def measure(case: Case, steps: int, rounds: int) -> dict[str, Any]:
    """Run one case and judge it."""
    ours, peer = case.make()
    row = {"name": case.name, "peer": case.peer, "goal": case.goal, **compare(ours, peer, steps, rounds)}
    peer.close()
    ours.close()
    if case.goal:
        most = MOST_MS.get(case.goal, float("inf"))
        row["met"] = row["ratio"] <= GOALS[case.goal] and row["ours_p99"] <= most
    return row


def show(row: dict[str, Any]) -> None:
    """Print one row."""
    figures = "".join(f"{row[key]:9.2f}" for key in ("ours_p50", "ours_p99", "peer_p50", "peer_p99", "ratio"))
    verdict = f"{row['goal']} {'met' if row['met'] else 'MISSED'}" if row["goal"] else ""
    print(f"{row['name']:20}{row['peer']:11}{figures}  {row['spread']} {verdict}", flush=True)


def main() -> int:
    """Run the cases and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--platform", default=os.environ.get("QT_QPA_PLATFORM", "offscreen"))
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slices", type=int, default=600, help="slices of the volumes of 512 × 512")
    parser.add_argument("--only", default="", help="run the cases whose name contains this")
    parser.add_argument("--smooth", action="store_true", help="interpolate ours, as the window does at first")
    parser.add_argument("--bare", action="store_true", help="our canvas without the window around it")
    parser.add_argument("--speckled", action="store_true", help="labels with edges nearly everywhere")
    parser.add_argument("--napari", action="store_true", help="run the cases against napari, too")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = chosen.platform
    options = Options(chosen.smooth, chosen.bare, chosen.speckled, chosen.slices)
    rows = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["PELLUCID_HOME"] = home
        from PySide6.QtWidgets import QApplication

        app = QApplication.instance() or QApplication([])
        print(f"{'ms':20}{'peer':11}{'ours p50':>9}{'p99':>9}{'peer p50':>9}{'p99':>9}{'ratio':>9}  spread")
        for case in cases(options, napari=chosen.napari):
            if chosen.only in case.name:
                rows.append(measure(case, chosen.steps, chosen.rounds))
                show(rows[-1])
        app.quit()
    if chosen.json:
        told = {key: str(value) for key, value in vars(chosen).items()}
        chosen.json.write_text(json.dumps({"options": told, "rows": rows}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
