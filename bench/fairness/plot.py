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
  .c{fill:#15803d;stroke:#15803d} .line{fill:none;stroke-width:2.5} .dot{stroke:none}
  .thin{fill:none;stroke-width:2;stroke-dasharray:2 4}
  text.a,text.b,text.c{stroke:none;font-weight:600}
  @media (prefers-color-scheme: dark){
    text{fill:#e6edf3} .soft{fill:#9198a1} .grid{stroke:#3d444d} .bound{stroke:#9198a1}
    .back{fill:#0d1117} .a{fill:#58a6ff;stroke:#58a6ff} .b{fill:#ffa657;stroke:#ffa657}
    .c{fill:#56d364;stroke:#56d364}
  }"""


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


def waits(rows: list, story: str, who: str) -> list:
    """(minute of the add, minutes waited) of the jobs that started."""
    return [(row["added_s"] / 60, (row["started_s"] - row["added_s"]) / 60) for row in rows
            if row["story"] == story and row["who"] == who and "started_s" in row]


def tiers(rows: list) -> str:
    chart = panel(LEFT, WIDTH - LEFT - RIGHT - 120, 60, 14)
    chart.axes(range(0, 61, 10), range(0, 15, 2), "minute in which the job was added",
               "minutes waited")
    chart.line([(0, 10), (60, 10)], "bound")
    starved = [row for row in rows if row["story"] == "tiers-no-ageing" and row["who"] == "FREE"]
    started = sum("started_s" in row for row in starved)
    chart.line([(46, 14), (60, 0)], "thin c")
    for who, style in (("FREE", "c"), ("PRO", "a"), ("ENTERPRISE", "b")):
        points = waits(rows, "tiers", who)
        chart.dots(points if who != "PRO" else points[::12], style)
    edge = WIDTH - RIGHT - 112
    chart.text(edge, chart.y(10) + 4, "10 minutes", "soft")
    chart.text(edge, chart.y(11) - 4, "FREE", "c")
    chart.text(edge, chart.y(0.9), "PRO", "a")
    chart.text(edge, chart.y(0) + 4, "ENTERPRISE", "b")
    chart.text(edge, chart.y(5) - 8, "without ageing", "soft")
    chart.text(edge, chart.y(5) + 8, f"{started} of {len(starved)} FREE", "soft")
    chart.text(edge, chart.y(5) + 24, "jobs ever run", "soft")
    return picture("Ageing: a FREE job behind an endless stream of PRO jobs", [chart])


def finished(rows: list, story: str, who: str) -> list:
    """Steps of (seconds, jobs started so far)."""
    times = sorted(row["started_s"] for row in rows
                   if row["story"] == story and row["who"] == who and "started_s" in row)
    return [(times[0], 0)] + [(at + 1, n + 1) for n, at in enumerate(times)]


def tenants(rows: list) -> str:
    width = (WIDTH - LEFT * 2 - RIGHT) / 2
    panels = []
    for n, (story, words) in enumerate((("tenants", "fair turns between groups"),
                                        ("tenants-one-group", "all in one group"))):
        chart = panel(LEFT + n * (width + LEFT), width, 700, 600)
        chart.axes(range(0, 701, 100), range(0, 601, 100), "seconds", f"jobs done: {words}")
        for who, style in (("large", "a"), ("small", "b")):
            points = finished(rows, story, who)
            chart.line(points, f"line {style}")
            x, y = points[-1]
            far = who == "large"
            chart.text(chart.x(x) + (-8 if far else 8), chart.y(y) + (22 if far else -6),
                       f"{who}: done at {x:.0f} s", style, "end" if far or x > 500 else "start")
        panels.append(chart)
    return picture("Groups: 600 jobs at once, and 100 of another tenant a minute later", panels)


def main(arguments: list) -> int:
    rows = [json.loads(line) for line in sys.stdin]
    folder = pathlib.Path(arguments[0])
    (folder / "fair-tiers.svg").write_text(tiers(rows))
    (folder / "fair-tenants.svg").write_text(tenants(rows))
    for who in ("ENTERPRISE", "PRO", "FREE"):
        longest = max((wait for _, wait in waits(rows, "tiers", who)), default=0)
        print(f"{who}: longest wait {longest:.2f} min")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
