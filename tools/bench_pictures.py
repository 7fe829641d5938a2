# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pictures of the benchmark: one small panel for each question, and the timeline of one run."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

import matplotlib as mpl
import matplotlib.pyplot as plt

if TYPE_CHECKING:
    from bench_page import Results
    from matplotlib.axes import Axes

IMAGES = Path(__file__).resolve().parents[1] / "docs/docsite/rst/images"
PANELS, TIMELINE = IMAGES / "benchmark.svg", IMAGES / "benchmark_timeline.svg"
DESCRIPTION = (
    "Bar charts of this collection and of other tools, for one unchanged image cache, a hundred unchanged ones, a"
    " hundred new ones, and one more task"
)
# Distinguishable for colour-blind readers, too, and on a light and a dark page.
OURS, THEIRS, LINE = "#0b6fb8", "#8a8f98", "#c2410c"
TITLES = {"before": "Before: requests at an even pace", "now": "Now: the requests of a second at once"}
CREATES, LISTINGS, READY = "CreateImageCache", "DescribeImageCaches", "Ready"


class Bar(NamedTuple):
    """One bar of a panel."""

    label: str
    value: float
    is_ours: bool = False


class Panel(NamedTuple):
    """A question, its bars and, if there is one, the floor below which no run can be."""

    question: str
    unit: str
    bars: list[Bar]
    floor: Optional[float] = None


def panels(medians: dict[str, float], results: Results) -> list[Panel]:
    """Return the panels: what the collection and the vendor's tools take for the same."""
    many = medians["many_tccli"] / 100
    call = results.api_call * 1000
    return [
        Panel(
            "One unchanged, ad hoc",
            "s",
            [
                Bar("image_cache", medians["ad_hoc"], is_ours=True),
                Bar("tccli", medians["one_tccli"]),
                Bar("SDK script", medians["one_sdk"]),
                Bar("ping", medians["ping"]),
            ],
        ),
        Panel(
            "A hundred unchanged",
            "s",
            [
                Bar("image_cache_set", medians["many"], is_ours=True),
                Bar("loop: image_cache", medians["many_loop"], is_ours=True),
                Bar("SDK script", medians["many_sdk"]),
                Bar("loop: tccli", medians["many_tccli"]),
            ],
        ),
        Panel(
            "A hundred new, until Ready",
            "s",
            [Bar("image_cache_set", medians["create"], is_ours=True), Bar("SDK script", medians["create_sdk"])],
            results.floor,
        ),
        Panel(
            "One more unchanged task",
            "ms",
            [
                Bar("image_cache", results.cost("tasks", "one", 20), is_ours=True),
                Bar("item of a loop", results.cost("many_loop", "one", 99), is_ours=True),
                Bar("tccli process", many * 1000),
            ],
            call,
        ),
    ]


def draw_panels(medians: dict[str, float], results: Results) -> None:
    """Draw one panel for each question."""
    figure, axes = _figure(2, 2, (9, 5.2))
    for axis, panel in zip(axes.flat, panels(medians, results)):
        _draw_panel(axis, panel)
    handles = [
        mpl.patches.Patch(color=OURS, label="this collection"),
        mpl.patches.Patch(color=THEIRS, label="other tools"),
    ]
    handles.append(
        mpl.lines.Line2D([], [], color=LINE, linestyle="--", label="floor: start, requests and build; one API call")
    )
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    _save(figure, PANELS)


def _draw_panel(axis: Axes, panel: Panel) -> None:
    places = range(len(panel.bars), 0, -1)
    colors = [OURS if one.is_ours else THEIRS for one in panel.bars]
    drawn = axis.barh(places, [one.value for one in panel.bars], color=colors, height=0.6)
    texts = [f"{one.value:.0f} ms" if panel.unit == "ms" else f"{one.value:.2f} s" for one in panel.bars]
    axis.bar_label(drawn, texts, padding=4)
    axis.set_yticks(places, [one.label for one in panel.bars])
    axis.set_xlim(0, max(one.value for one in panel.bars) * 1.25)
    axis.set_title(panel.question, loc="left", fontweight="bold")
    axis.tick_params(axis="x", labelbottom=False, length=0)
    axis.tick_params(axis="y", length=0)
    axis.spines[["top", "right", "bottom"]].set_visible(False)
    if panel.floor:
        axis.axvline(panel.floor, color=LINE, linestyle="--", linewidth=1.2)


def draw_timeline(timelines: dict[str, dict[str, Any]], floor: float) -> None:
    """Draw when the requests of a run arrive and its caches become Ready, for each measured version."""
    names = [name for name in ("before", "now") if name in timelines]
    figure, axes = _figure(len(names), 1, (9, 2.4 * len(names) + 0.6))
    latest = max(line["seconds"] for line in timelines.values())
    for axis, name in zip(axes.flat, names):
        _draw_run(axis, timelines[name], floor)
        axis.set_xlim(0, max(latest, floor) * 1.08)
        axis.set_title(TITLES[name], loc="left", fontweight="bold")
    axes.flat[-1].set_xlabel("seconds since the start of the process")
    _save(figure, TIMELINE)


def _draw_run(axis: Axes, line: dict[str, Any], floor: float) -> None:
    rows = [
        (READY, line["ready"], OURS),
        (LISTINGS, line["arrivals"][LISTINGS], THEIRS),
        (CREATES, line["arrivals"][CREATES], OURS),
    ]
    for place, (_title, moments, color) in enumerate(rows):
        axis.vlines(moments, place - 0.32, place + 0.32, color=color, linewidth=0.9)
    axis.set_yticks(range(len(rows)), [f"{title} ({len(moments)})" for title, moments, _color in rows])
    axis.tick_params(axis="y", length=0)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.axvline(floor, color=LINE, linestyle="--", linewidth=1.2)
    axis.axvline(line["seconds"], color="black", linewidth=1.2)
    axis.annotate(
        f"end {line['seconds']:.1f} s", (line["seconds"], 2.45), xytext=(4, 0), textcoords="offset points", fontsize=8
    )
    axis.annotate(
        f"floor {floor:.1f} s", (floor, -0.75), xytext=(4, 0), textcoords="offset points", fontsize=8, color=LINE
    )
    axis.set_ylim(-0.9, 2.7)


def _figure(rows: int, columns: int, size: tuple[float, float]) -> tuple[Any, Any]:
    # Texts stay texts, so that the picture is small, and the same measurements give the same file.
    mpl.rcParams.update(
        {"svg.fonttype": "none", "svg.hashsalt": "benchmark", "font.size": 9, "font.family": "sans-serif"}
    )
    return plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")


def _save(figure: Any, path: Path) -> None:
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None}, facecolor="white")
    path.write_text("".join(f"{line.rstrip()}\n" for line in drawn.getvalue().splitlines()), encoding="utf-8")
    plt.close(figure)
