"""Medians, ratios, and which rows are asked for."""

import json
import unittest

from macro.results import Results, median, ratio, ratios, reference, spread, wanted

from .sample import results


class Figures(unittest.TestCase):
    def test_median_is_the_middle_value(self):
        self.assertEqual(median([3, 1, 2]), 2)

    def test_median_of_an_even_number_is_between_the_two_middle_values(self):
        self.assertEqual(median([4, 1, 2, 3]), 2.5)

    def test_spread_is_half_the_range_as_a_part_of_the_median(self):
        self.assertAlmostEqual(spread([9, 10, 12]), 0.15)

    def test_spread_of_nothing_but_zeros_is_zero(self):
        self.assertEqual(spread([0.0, 0.0]), 0.0)

    def test_ratio_is_taken_round_by_round(self):
        # The machine was ten times slower in the second round; that slows both, and does not count.
        self.assertEqual(ratio([2, 20, 2], [1, 10, 1]), 2)

    def test_rounds_that_one_of_them_lacks_do_not_count(self):
        self.assertEqual(ratios([2, 4], [1]), [2])

    def test_rounds_of_no_time_do_not_count(self):
        self.assertEqual(ratios([2, 4], [0, 1]), [4])

    def test_no_rounds_have_no_ratio(self):
        self.assertIsNone(ratio([], [1.0]))


class Wanted(unittest.TestCase):
    def test_everything_is_wanted_without_patterns(self):
        self.assertTrue(wanted("stat/hot/1p", []))

    def test_a_pattern_matches_the_whole_name(self):
        self.assertTrue(wanted("stat/hot/1p", ["stat/*"]))
        self.assertFalse(wanted("lstat/hot/1p", ["stat/*"]))

    def test_a_pattern_matches_a_part_of_the_name(self):
        self.assertTrue(wanted("stat/hot/1p", ["hot"]))
        self.assertTrue(wanted("stat/hot/1p", ["hot/1p"]))

    def test_a_part_is_matched_as_a_whole(self):
        self.assertFalse(wanted("rm-lower", ["rm"]))
        self.assertFalse(wanted("stat/hot/1p", ["ho"]))


class Reference(unittest.TestCase):
    def test_the_plain_directory_is_right(self):
        self.assertEqual(reference({"plain": "a", "overlayfs": "b", "unionfs": "b"}), "a")

    def test_without_it_the_most_are_right(self):
        self.assertEqual(reference({"unionfs": "b", "overlayfs": "a", "fuse-overlayfs": "a"}), "a")


class Json(unittest.TestCase):
    def test_what_is_written_is_read_again(self):
        run = results({"stat": {"plain": [1.0, 2.0], "unionfs": [3.0]}})
        run.rows["stat"].cell("unionfs").requests = {"LOOKUP": 3}
        run.rows["stat"].cell("unionfs").calls = {"read": 3, "statx": 7}
        run.rows["stat"].cell("mergerfs").problem = "does not mount"
        written = run.to_json()

        read = Results.from_json(json.loads(json.dumps(written)))

        self.assertEqual(read.to_json(), written)

    def test_the_figures_of_a_failure_are_not_good(self):
        run = results({"stat": {"unionfs": [1.0]}})
        run.rows["stat"].cell("unionfs").problem = "wrong answers"

        self.assertEqual(run.rows["stat"].good("unionfs"), [])
