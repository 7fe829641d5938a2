# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pictures have space for any common font, and the same structure in English and in Chinese."""

from __future__ import annotations

import re
import unicodedata
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import pytest
from stories.controller import ROOT

IMAGES = ROOT / "docs/docsite/rst/images"
PICTURES = sorted(path for path in IMAGES.glob("*.svg") if not path.stem.startswith("benchmark"))
ENGLISH = [path for path in PICTURES if not path.stem.endswith(".zh-CN")]
SVG = "{http://www.w3.org/2000/svg}"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
# In em: the average width of a character in the widest common fonts (DejaVu Sans, Verdana), and the height of a line.
LATIN, BOLD, CJK = 0.62, 0.72, 1.0
ASCENT, DESCENT = 0.8, 0.25
# The shift of the text's left edge, in widths of the text.
ANCHORS = {"start": 0.0, "middle": -0.5, "end": -1.0}
# Names of actions, statuses, options, caches and ids.
API_WORDS = re.compile(r"[A-Z][a-z]+[A-Z]\w+|\w+_\w+|Pending|Ready|Failed|Updating|\bauto\b|\bweb\b|imc-\w+", re.ASCII)
# Free space around each element, in units of the picture.
MARGIN = 2.0


@dataclass(frozen=True)
class Area:
    """The area of an element. C(words) is the content of a text."""

    left: float
    top: float
    right: float
    bottom: float
    words: str = ""

    def holds(self, other: Area) -> bool:
        """Return whether another area lies in this one with a margin around it."""
        horizontal = self.left + MARGIN <= other.left and other.right + MARGIN <= self.right
        return horizontal and self.top + MARGIN <= other.top and other.bottom + MARGIN <= self.bottom

    def touches(self, other: Area) -> bool:
        """Return whether another area overlaps with this one."""
        horizontal = self.left < other.right and other.left < self.right
        return horizontal and self.top < other.bottom and other.top < self.bottom


def root(picture: Path) -> ET.Element:
    """Return the root element of a picture."""
    return ET.fromstring(picture.read_text(encoding="utf-8"))


def page(picture: ET.Element) -> Area:
    """Return the viewBox."""
    return Area(*map(float, picture.attrib["viewBox"].split()))


def numbers(element: ET.Element, *names: str) -> list[float]:
    """Return the values of attributes."""
    return [float(element.attrib[name]) for name in names]


def style(picture: ET.Element, kind: str) -> dict[str, str]:
    """Return the declarations for the texts of a class, without those for dark mode."""
    light = (picture.findtext(f"{SVG}style") or "").partition("@media")[0]
    bodies = re.findall(rf"text\.{kind} {{([^}}]*)}}", light) if kind else []
    pairs = [pair.split(":") for body in bodies for pair in body.split(";")]
    return {name.strip(): value.strip() for name, value in pairs}


def width(words: str, latin: float) -> float:
    """Return the estimated width of words, in em."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in words)
    return CJK * wide + latin * (len(words) - wide)


def text_area(picture: ET.Element, text: ET.Element) -> Area:
    """Return the area of a text."""
    words, css = text.text or "", style(picture, text.get("class", ""))
    size = float(css.get("font-size", picture.attrib["font-size"]).replace("px", ""))
    length = size * width(words, BOLD if css.get("font-weight") == "bold" else LATIN)
    x, y = numbers(text, "x", "y")
    left = x + length * ANCHORS[css.get("text-anchor", "start")]
    return Area(left, y - ASCENT * size, left + length, y + DESCENT * size, words)


def texts(picture: ET.Element) -> list[Area]:
    """Return the areas of the texts."""
    return [text_area(picture, text) for text in picture.findall(f"{SVG}text")]


def boxes(picture: ET.Element) -> list[Area]:
    """Return the boxes, without the page itself."""
    found = []
    for box in picture.findall(f"{SVG}rect"):
        if box.get("class") != "page":
            x, y, across, down = numbers(box, "x", "y", "width", "height")
            found.append(Area(x, y, x + across, y + down))
    return found


def circles(picture: ET.Element) -> list[Area]:
    """Return the squares around the circles."""
    found = [numbers(circle, "cx", "cy", "r") for circle in picture.findall(f"{SVG}circle")]
    return [Area(x - r, y - r, x + r, y + r) for x, y, r in found]


def lines(picture: ET.Element) -> list[Area]:
    """Return the segments of lines and arrows with the margin around them. All are horizontal or vertical."""
    ends = [numbers(line, "x1", "y1", "x2", "y2") for line in picture.findall(f"{SVG}line")]
    for path in picture.findall(f"{SVG}path"):
        points = [[float(number) for number in point.strip("ML").split(",")] for point in path.attrib["d"].split()]
        ends += [[*start, *end] for start, end in zip(points, points[1:])]
    assert all(x1 == x2 or y1 == y2 for x1, y1, x2, y2 in ends)
    return [
        Area(min(x1, x2) - MARGIN, min(y1, y2) - MARGIN, max(x1, x2) + MARGIN, max(y1, y2) + MARGIN)
        for x1, y1, x2, y2 in ends
    ]


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_all_elements_lie_within_the_viewbox(path: Path) -> None:
    picture = root(path)
    elements = [*texts(picture), *boxes(picture), *circles(picture), *lines(picture)]
    assert [area for area in elements if not page(picture).holds(area)] == []
    assert [picture.attrib["width"], picture.attrib["height"]] == picture.attrib["viewBox"].split()[2:]


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_text_touches_only_the_box_around_it(path: Path) -> None:
    picture = root(path)
    for text in texts(picture):
        around = [box for box in boxes(picture) if not box.holds(text)]
        others = [other for other in texts(picture) if other != text]
        assert not [area for area in (*around, *others, *circles(picture), *lines(picture)) if text.touches(area)], text


def structure(path: Path) -> list[tuple[str, dict[str, str]]]:
    """Return the elements of a picture with their attributes, without the texts and their language."""
    return [
        (element.tag, {name: value for name, value in element.attrib.items() if name != LANGUAGE})
        for element in root(path).iter()
    ]


@pytest.mark.parametrize("path", ENGLISH, ids=lambda path: path.name)
def test_chinese_picture_has_the_structure_of_the_english_one(path: Path) -> None:
    chinese = path.with_suffix(".zh-CN.svg")
    assert structure(path) == structure(chinese)
    assert root(path).findtext(f"{SVG}style") == root(chinese).findtext(f"{SVG}style")
    assert root(chinese).attrib[LANGUAGE] == "zh-CN"


@pytest.mark.parametrize("path", ENGLISH, ids=lambda path: path.name)
def test_api_words_are_the_same_in_both_languages(path: Path) -> None:
    for english, chinese in zip(texts(root(path)), texts(root(path.with_suffix(".zh-CN.svg")))):
        assert API_WORDS.findall(english.words) == API_WORDS.findall(chinese.words), english.words


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_picture_has_title_and_description(path: Path) -> None:
    picture = root(path)
    assert picture.attrib["role"] == "img"
    for attribute, tag in (("aria-labelledby", "title"), ("aria-describedby", "desc")):
        element = picture.find(f"{SVG}{tag}")
        assert element is not None
        assert element.text
        assert element.attrib["id"] == picture.attrib[attribute]
