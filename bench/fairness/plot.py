#!/usr/bin/env python3
"""Draws what bench_fairness prints: docs/pictures/fair-tiers.svg and fair-tenants.svg.

    bench_fairness | plot.py FOLDER

The pictures follow the reader's light or dark scheme.
"""

import json
import pathlib
import sys

WIDTH, HEIGHT = 760, 340
LEFT, RIGHT, TOP, BOTTOM = 62, 20, 58, 46
STYLE = """
  text{font:13px system-ui,sans-serif;fill:#1f2328} .title{font-weight:600;font-size:15px}
  .soft{fill:#59636e;font-size:12px} .grid{stroke:#d1d9e0;stroke-width:1}
  .bound{stroke:#59636e;stroke-width:1.5;stroke-dasharray:5 4;fill:none}
  .back{fill:#ffffff} .a{fill:#0b6bcb;stroke:#0b6bcb} .b{fill:#c2410c;stroke:#c2410c}
  .c{fill:#15803d;stroke:#15803d}
  @media (prefers-color-scheme: dark){
    text{fill:#e6edf3} .soft{fill:#9198a1} .grid{stroke:#3d444d} .bound{stroke:#9198a1}
    .back{fill:#0d1117} .a{fill:#58a6ff;stroke:#58a6ff} .b{fill:#ffa657;stroke:#ffa657}
    .c{fill:#56d364;stroke:#56d364}
  }
  .line{fill:none;stroke-width:2.5} .dot{stroke:none}
  text.a,text.b,text.c{stroke:none;font-weight:600}"""


class panel:
    """A chart with its own axes inside a picture; values are in the axes' units."""

    def __init__(self, left, width, x_max, y_max):
        self.left, self.width, self.x_max, self.y_max = left, width, x_max, y_max
        self.parts = []

    def x(self, value):
        return self.left + value / self.x_max * self.width

    def y(self, value):
        return HEIGHT - BOTTOM - value / self.y_max * (HEIGHT - TOP - BOTTOM)

    def axes(self, x_ticks, y_ticks, x_label, y_label):
        right = self.left + self.width
        for tick in y_ticks:
            y = self.y(tick)
            self.parts.append(f'<line class="grid" x1="{self.left}" x2="{right}" y1="{y:.1f}" '
                              f'y2="{y:.1f}"/>')
            self.text(self.left - 8, y + 4, f"{tick:g}", "soft", "end")
        for tick in x_ticks:
            self.text(self.x(tick), HEIGHT - BOTTOM + 18, f"{tick:g}", "soft", "middle")
        self.text(self.left + self.width / 2, HEIGHT - 8, x_label, "soft", "middle")
        self.text(self.left, TOP - 12, y_label, "soft", "start")

    def text(self, x, y, words, style, anchor="start"):
        self.parts.append(f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" '
                          f'text-anchor="{anchor}">{words}</text>')

    def line(self, points, style):
        path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        self.parts.append(f'<polyline class="{style}" points="{path}"/>')

    def dots(self, points, style):
        self.parts += [f'<circle class="dot {style}" cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" '
                       'r="2.2"/>' for x, y in points]


def picture(title: str, panels: list) -> str:
    body = "\n".join(part for one in panels for part in one.parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{title}">\n<style>{STYLE}</style>\n'
            f'<rect class="back" width="{WIDTH}" height="{HEIGHT}"/>\n'
            f'<text class="title" x="{LEFT - 40}" y="24">{title}</text>\n{body}\n</svg>\n')


def steps(rows: list, story: str, who: str, stamp: str) -> list:
    """(second, how many jobs had that stamp by then), from the first to the story's end."""
    told = [row for row in rows if row["story"] == story]
    times = sorted(row[stamp] for row in told if row["who"] == who and stamp in row)
    end = max(row.get("started_s", row["added_s"]) for row in told)
    first = times[0] if times else 0
    return [(first, 0)] + [(at, n + 1) for n, at in enumerate(times)] + [(end, len(times))]


def waits(rows: list, story: str, who: str) -> list:
    """(minute of the add, minutes waited) of the jobs that started."""
    return [(row["added_s"] / 60, (row["started_s"] - row["added_s"]) / 60) for row in rows
            if row["story"] == story and row["who"] == who and "started_s" in row]


def tiers(rows: list) -> str:
    width = (WIDTH - LEFT * 2 - RIGHT) / 2
    chart = panel(LEFT, width, 60, 14)
    chart.axes(range(0, 61, 10), range(0, 15, 2), "minute in which the job was added",
               "minutes waited, with ageing of 10 minutes")
    chart.line([(0, 10), (60, 10)], "bound")
    for who, style, height in (("FREE", "c", 10.7), ("PRO", "a", 0.8), ("ENTERPRISE", "b", 0.8)):
        points = waits(rows, "tiers", who)
        chart.dots(points if who != "PRO" else points[::12], style)
        chart.text(chart.x(34 if style == "b" else 3), chart.y(height), who, style)
    ran = panel(LEFT * 2 + width, width, 60, 180)
    ran.axes(range(0, 61, 10), range(0, 181, 30), "minutes", "FREE jobs that have run")
    curves = [[(at / 60, count) for at, count in steps(rows, story, "FREE", stamp)]
              for story, stamp in (("tiers", "added_s"), ("tiers", "started_s"),
                                   ("tiers-no-ageing", "started_s"))]
    for points, style in zip(curves, ("bound", "line c", "line a")):
        ran.line(points, style)
    ran.text(ran.x(26), ran.y(90), "added", "soft", "end")
    ran.text(ran.x(37), ran.y(70), "with ageing", "c")
    ran.text(ran.x(28), ran.y(6), f"without: {curves[2][-1][1]} ran", "a")
    return picture("Ageing: FREE jobs behind an endless stream of PRO jobs", [chart, ran])


def tenants(rows: list) -> str:
    width = (WIDTH - LEFT * 2 - RIGHT) / 2
    panels = []
    for n, (story, words) in enumerate((("tenants", "fair turns between groups"),
                                        ("tenants-one-group", "all in one group"))):
        chart = panel(LEFT + n * (width + LEFT), width, 700, 600)
        chart.axes(range(0, 701, 100), range(0, 601, 100), "seconds", f"jobs done: {words}")
        for who, style in (("large", "a"), ("small", "b")):
            points = steps(rows, story, who, "started_s")[:-1]
            chart.line(points, f"line {style}")
            x, y = points[-1]
            far = who == "large"
            chart.text(chart.x(x) + (-34 if far else 6), chart.y(y) + (16 if far else -8),
                       f"{who}: done at {x + 1:.0f} s", style, "end" if far or x > 500 else "start")
        panels.append(chart)
    return picture("Groups: 600 jobs at once, and 100 of another tenant a minute later", panels)


def main(arguments: list) -> int:
    rows = [json.loads(line) for line in sys.stdin]
    folder = pathlib.Path(arguments[0])
    (folder / "fair-tiers.svg").write_text(tiers(rows))
    (folder / "fair-tenants.svg").write_text(tenants(rows))
    for who in ("ENTERPRISE", "PRO", "FREE"):
        longest = max((wait for _, wait in waits(rows, "tiers", who)), default=0)
        print(f"Longest wait of {who}: {longest * 60:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
