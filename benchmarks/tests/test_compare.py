"""What has changed between two runs."""

import random
import unittest

from macro import compare

from .sample import results


def one(old, new, row="stat/hot/1p", **more):
    """The only change between two runs of one row."""
    changes = compare.compare(results({row: old}, **more), results({row: new}, **more))
    return changes[0] if changes else None


class Verdict(unittest.TestCase):
    def test_twice_the_ratio_is_a_regression(self):
        change = one({"overlayfs": [1, 1, 1], "unionfs": [2, 2, 2]}, {"overlayfs": [1, 1, 1], "unionfs": [4, 4, 4]})
        self.assertEqual((change.verdict, change.old, change.new, change.base), ("regression", 2, 4, "overlayfs"))

    def test_half_the_ratio_is_an_improvement(self):
        change = one({"overlayfs": [1, 1, 1], "unionfs": [4, 4, 4]}, {"overlayfs": [1, 1, 1], "unionfs": [2, 2, 2]})
        self.assertEqual(change.verdict, "improvement")

    def test_a_machine_twice_as_slow_changes_nothing(self):
        change = one({"overlayfs": [1, 1, 1], "unionfs": [2, 2, 2]}, {"overlayfs": [2, 2, 2], "unionfs": [4, 4, 4]})
        self.assertEqual((change.verdict, change.old, change.new), ("", 2, 2))

    def test_what_is_within_the_spread_is_nothing(self):
        change = one({"overlayfs": [1, 1, 1], "unionfs": [1.5, 2, 3]}, {"overlayfs": [1, 1, 1], "unionfs": [2, 2.6, 3]})
        self.assertEqual(change.verdict, "")

    def test_what_all_runs_differ_by_is_nothing(self):
        change = one({"overlayfs": [1, 1, 1], "unionfs": [2, 2, 2]}, {"overlayfs": [1, 1, 1], "unionfs": [2.08] * 3})
        self.assertEqual(change.verdict, "")

    def test_one_round_proves_nothing(self):
        change = one({"overlayfs": [1], "unionfs": [2]}, {"overlayfs": [1], "unionfs": [9]})
        self.assertEqual((change.verdict, change.why), ("", "one round only"))

    def test_more_rounds_prove_more(self):
        few = compare.judge("a", "unionfs", "plain", [0.9, 1.1], [0.9, 1.1], (0.1, 0.1))
        many = compare.judge("a", "unionfs", "plain", [0.9, 1.1] * 4, [0.9, 1.1] * 4, (0.1, 0.1))
        self.assertGreater(few.noise, many.noise)

    def test_few_runs_of_the_same_program_are_called_different(self):
        rng, wrong = random.Random(1), 0
        for _ in range(100):
            old, new = (
                results({f"row{i}": {"overlayfs": [1, 1], "unionfs": [rng.lognormvariate(0, 0.4) for _ in range(2)]}
                         for i in range(40)}) for _ in range(2))
            wrong += any(change.verdict for change in compare.compare(old, new))
        self.assertLess(wrong, 20)

    def test_a_row_that_varies_less_than_most_is_not_trusted_more(self):
        wild = {f"row{i}": {"overlayfs": [1, 1], "unionfs": [1, 2]} for i in range(3)}
        old = results({**wild, "calm": {"overlayfs": [1, 1], "unionfs": [1, 1]}})
        new = results({**wild, "calm": {"overlayfs": [1, 1], "unionfs": [1.5, 1.5]}})

        self.assertEqual([change.verdict for change in compare.compare(old, new)], [""] * 4)

    def test_what_fails_now_is_a_regression(self):
        new = results({"stat": {"overlayfs": [1, 1]}})
        new.rows["stat"].cell("unionfs").problem = "wrong answers"

        change, = compare.compare(results({"stat": {"overlayfs": [1, 1], "unionfs": [2, 2]}}), new)

        self.assertEqual((change.verdict, change.why), ("regression", "wrong answers"))

    def test_what_works_now_is_an_improvement(self):
        old = results({"stat": {"overlayfs": [1, 1]}})
        old.rows["stat"].cell("unionfs").problem = "wrong answers"

        change, = compare.compare(old, results({"stat": {"overlayfs": [1, 1], "unionfs": [2, 2]}}))

        self.assertEqual(change.verdict, "improvement")


class Base(unittest.TestCase):
    def test_plain_is_taken_where_one_run_has_no_overlayfs(self):
        change = one({"plain": [1, 1], "unionfs": [2, 2]}, {"plain": [1, 1], "overlayfs": [2, 2], "unionfs": [2, 2]})
        self.assertEqual(change.base, "plain")

    def test_memory_is_compared_as_it_is(self):
        change = one({"unionfs": [50, 50]}, {"unionfs": [70, 70]}, "memory/idle", unit="MiB")
        self.assertEqual((change.base, change.old, change.new, change.verdict), ("MiB", 50, 70, "regression"))

    def test_rows_of_one_run_alone_are_not_compared(self):
        old = results({"a": {"overlayfs": [1, 1], "unionfs": [1, 1]}})
        new = results({"b": {"overlayfs": [1, 1], "unionfs": [1, 1]}})

        self.assertEqual(compare.compare(old, new), [])
        self.assertIn("no workload", compare.render([], old, new))


class Mismatch(unittest.TestCase):
    def test_other_sizes_are_refused(self):
        why = compare.mismatch(results({}, plan={"storm": 1}), results({}, plan={"storm": 2}))
        self.assertIn("storm", why)

    def test_other_numbers_of_rounds_are_not(self):
        self.assertIsNone(compare.mismatch(results({}, plan={"rounds": 2}), results({}, plan={"rounds": 5})))

    def test_sizes_that_only_one_knows_do_not_matter(self):
        self.assertIsNone(compare.mismatch(results({}, plan={}), results({}, plan={"new": 5})))

    def test_counted_requests_are_refused(self):
        self.assertIn("requests", compare.mismatch(results({}), results({}, requests_counted=True)))


class Table(unittest.TestCase):
    def test_a_line_has_both_ratios_and_the_verdict(self):
        old = results({"stat": {"overlayfs": [1, 1], "unionfs": [2, 2]}})
        new = results({"stat": {"overlayfs": [1, 1], "unionfs": [3, 3]}})

        text = compare.render(compare.compare(old, new), old, new)

        self.assertIn(["stat", "unionfs", "overlayfs", "2.00", "3.00", "+50%", "x1.05", "regression"],
                      [line.split() for line in text.splitlines()])
        self.assertIn("1 compared: 1 regression, 0 improvements", text)
