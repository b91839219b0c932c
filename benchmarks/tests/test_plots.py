"""Drawings."""

import unittest
import xml.etree.ElementTree as xml

from macro import plan, plots
from macro.workloads import ALL

from .sample import results

SVG = "{http://www.w3.org/2000/svg}"


class Groups(unittest.TestCase):
    def test_walks_are_apart_by_their_number_of_processes(self):
        self.assertEqual(plots.group_of("stat/hot/8p"), ("walk-8p", "Walks, 8 processes"))
        self.assertEqual(plots.group_of("create/1p"), ("change-1p", "Changes, 1 process"))

    def test_each_workload_has_a_group(self):
        for scenario in ALL:
            for row in scenario(plan.Plan()).rows():
                self.assertTrue(plots.group_of(row)[0], row)


class Axis(unittest.TestCase):
    def test_ticks_are_round_and_within(self):
        self.assertEqual(plots.ticks(0.4, 6), [0.5, 1, 2, 5])

    def test_long_axes_have_powers_of_ten_alone(self):
        self.assertEqual(plots.ticks(0.01, 200), [0.01, 0.1, 1, 10, 100])

    def test_the_axis_has_one_and_all_whiskers(self):
        low, high = plots.scale([plots.Line("a", (plots.Bar("unionfs", 3, 2, 9),))])
        self.assertLess(low, 1)
        self.assertGreater(high, 9)


class Drawing(unittest.TestCase):
    def setUp(self):
        run = results({"stat/hot/1p": {"overlayfs": [1, 1], "unionfs": [2, 3], "plain": [0.5, 0.5]},
                       "absent/hot/1p": {"overlayfs": [1, 1], "fuse-overlayfs": [7, 7], "a<b": [1, 2]},
                       "find/hot/1p": {"unionfs": [1, 2]}})
        self.drawings = plots.plots(run)
        self.root = xml.fromstring(self.drawings["walk-1p.svg"])

    def words(self):
        return [element.text for element in self.root.iter(SVG + "text")]

    def test_there_is_one_for_each_group(self):
        self.assertEqual(list(self.drawings), ["walk-1p.svg"])

    def test_all_who_are_compared_are_in_the_legend_once(self):
        for peer in ("plain", "unionfs", "fuse-overlayfs", "a<b"):
            self.assertEqual(self.words().count(peer), 1, peer)

    def test_what_all_are_divided_by_has_no_bar(self):
        self.assertNotIn("overlayfs", self.words())

    def test_workloads_without_a_ratio_have_no_line(self):
        self.assertIn("stat/hot/1p", self.words())
        self.assertNotIn("find/hot/1p", self.words())

    def test_nothing_is_outside(self):
        width = float(self.root.get("width"))
        for box in self.root.iter(SVG + "rect"):
            self.assertGreaterEqual(float(box.get("x")), 0)
            self.assertLessEqual(float(box.get("x")) + float(box.get("width")), width)

    def test_names_do_not_reach_into_the_bars(self):
        for element in self.root.iter(SVG + "text"):
            if element.get("text-anchor") == "end":
                self.assertGreaterEqual(float(element.get("x")) - len(element.text) * plots.CHARACTER, 0)

    def test_names_beside_each_other_in_the_legend_do_not_overlap(self):
        out, _ = plots.legend([f"implementation-{i}" for i in range(9)], dict.fromkeys(
            [f"implementation-{i}" for i in range(9)], "#000000"), 64, 500)
        places = [(float(e.get("y")), float(e.get("x")), e.text) for e in map(xml.fromstring, out) if e.tag == "text"]
        for (y1, x1, words), (y2, x2, _) in zip(places, places[1:]):
            self.assertTrue(y2 > y1 or x2 > x1 + len(words) * plots.CHARACTER, words)

    def test_it_is_readable_in_the_dark(self):
        self.assertIn("prefers-color-scheme: dark", self.drawings["walk-1p.svg"])


class Memory(unittest.TestCase):
    def test_memory_is_divided_by_that_of_another_server(self):
        run = results({"memory/idle": {"fuse-overlayfs": [5, 5], "unionfs": [50, 50]}}, unit="MiB")
        self.assertIn("memory divided by that of fuse-overlayfs", plots.plots(run)["memory.svg"])
