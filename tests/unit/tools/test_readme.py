"""README.es.md says what README.md says: the same headings, commands, pictures and links."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
ENGLISH = ROOT / "README.md"
SPANISH = ROOT / "README.es.md"
FENCE = re.compile(r"^```.*?\n(.*?)^```$", re.M | re.S)


def without_fences(text: str) -> str:
    return FENCE.sub("", text)


def headings(text: str) -> list:
    """The levels of the headings, in order."""
    return [len(mark) for mark in re.findall(r"^(#+) ", without_fences(text), re.M)]


def anchors(text: str) -> list:
    """What links to headings of this page end in, in the order of the headings."""
    titles = re.findall(r"^#+ (.*)$", without_fences(text), re.M)
    return [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]


def links(text: str) -> list:
    """Targets in order; those within the page by the number of their heading. The two pages name
    each other, which is left out."""
    known = anchors(text)
    out = []
    for target in re.findall(r"\]\(([^)]+)\)", without_fences(text)):
        if target.startswith("#"):
            target = known.index(target[1:])
        if target not in (ENGLISH.name, SPANISH.name):
            out.append(target)
    return out


def shape(text: str) -> dict:
    return {"headings": headings(text), "commands": FENCE.findall(text), "links": links(text),
            "tables": [line.count("|") for line in without_fences(text).splitlines()
                       if line.startswith("|")],
            "named": re.findall(r"<(\w+)>", without_fences(text))}


class readme(unittest.TestCase):
    maxDiff = None

    def test_both_languages_have_the_same_headings_commands_links_and_tables(self):
        english, spanish = shape(ENGLISH.read_text()), shape(SPANISH.read_text())
        for what in english:
            self.assertEqual(english[what], spanish[what], f"{what}: change README.es.md too")

    def test_each_leads_to_the_other(self):
        self.assertIn(f"]({SPANISH.name})", ENGLISH.read_text())
        self.assertIn(f"]({ENGLISH.name})", SPANISH.read_text())

    def test_what_they_link_to_is_there(self):
        for page in (ENGLISH, SPANISH):
            for target in links(page.read_text()):
                if isinstance(target, str) and not target.startswith("http"):
                    self.assertTrue((ROOT / target.split("#")[0]).exists(), target)

    def test_a_page_that_is_not_kept_in_step_is_found(self):
        text = ENGLISH.read_text()
        for broken in (text.replace("## The queue", "### The queue"),
                       text.replace("make release\n", "make releases\n"),
                       text.replace("(docs/api.md)", "(docs/cluster.md)", 1),
                       text.replace("![Waveform", "[Waveform").replace("pictures/lofi", "x/lofi")):
            self.assertNotEqual(shape(broken), shape(text))


if __name__ == "__main__":
    unittest.main()
