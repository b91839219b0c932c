"""The tables on the terminal."""

import unittest

from macro import table

from .sample import results


class Words(unittest.TestCase):
    def test_quantities_have_three_digits_and_a_unit_that_fits(self):
        self.assertEqual(table.quantity(0.0123, "s"), "12.3 ms")
        self.assertEqual(table.quantity(1.5, "s"), "1.50 s")
        self.assertEqual(table.quantity(0.00000512, "s"), "5.12 us")
        self.assertEqual(table.quantity(123.4, "MiB"), "123 MiB")

    def test_small_ratios_are_not_nothing(self):
        self.assertEqual([table.digits(value) for value in (0, 0.00091, 0.0994, 0.1)], ["0.00", "0.00091", "0.099", "0.10"])

    def test_columns_are_aligned(self):
        self.assertEqual(
            table.columns(["name", "n"], [["a", "1"], ["bcdef", "100"]]),
            ["name     n", "-----  ---", "a        1", "bcdef  100"])

    def test_a_cell_tells_why_it_is_empty(self):
        run = results({"stat": {"plain": [1.0, 1.2]}})
        row = run.rows["stat"]
        row.cell("mergerfs").problem = "does not mount"
        row.cell("unionfs-fuse").problem = "has no volatile mode"
        row.cell("unionfs-fuse").unsupported = True

        self.assertEqual(table.cell_text(row, "plain"), "1.10 s ±9%")
        self.assertEqual(table.cell_text(row, "mergerfs"), "fails")
        self.assertEqual(table.cell_text(row, "unionfs-fuse"), "n/a")
        self.assertEqual(table.cell_text(row, "jnr-fuse"), "-")


class Whole(unittest.TestCase):
    def test_ratios_are_of_ours_to_each_that_is_compared(self):
        run = results({"stat/hot/1p": {"overlayfs": [1.0], "fuse-overlayfs": [4.0], "unionfs": [2.0]}})

        lines = table.render(run).splitlines()

        head = next(line for line in lines if "unionfs/overlayfs" in line)
        self.assertEqual(head.split(), ["workload", "unionfs/overlayfs", "unionfs/fuse-overlayfs"])
        self.assertIn(["stat/hot/1p", "2.00", "0.50"], [line.split() for line in lines])

    def test_failures_are_told_once_for_all_rows(self):
        run = results({"a": {}, "b": {}})
        for row in run.rows.values():
            row.cell("mergerfs").problem = "does not mount"

        text = table.render(run)

        self.assertEqual(text.count("does not mount"), 1)
        self.assertIn("    a, b", text)

    def test_what_nobody_could_do_is_told_with_its_reason(self):
        run = results({"git/clone": {}, "git/status": {}, "stat": {"plain": [1.0]}})
        for name in ("git/clone", "git/status"):
            run.rows[name].left_out = "git is not installed"

        lines = table.render(run).splitlines()

        self.assertEqual(lines[-3:], ["Left out", "", "git/clone, git/status: git is not installed"])
        self.assertEqual(sum("git/clone" in line for line in lines), 1)

    def test_processor_time_of_servers_is_shown_where_there_is_one(self):
        run = results({"a": {"plain": [1.0], "unionfs": [1.0]}, "b": {"unionfs": [1.0]}})
        run.rows["a"].cell("unionfs").server_cpu = [0.25]

        lines = table.cpu_table(list(run.rows.values()), run.peers())

        self.assertEqual(lines[-1].split(), ["a", "0.25"])

    def test_counts_are_shown_with_the_most_first(self):
        run = results({"stat": {"plain": [1.0], "unionfs": [1.0]}})
        run.rows["stat"].cell("unionfs").requests = {"GETATTR": 1, "LOOKUP": 30}
        run.rows["stat"].cell("unionfs").calls = {"read": 31, "statx": 62}

        lines = table.render(run).splitlines()

        at = lines.index("Requests")
        self.assertEqual(lines[at + 4].split(), ["stat", "unionfs", "31", "LOOKUP", "30,", "GETATTR", "1"])
        at = lines.index("System calls of the server")
        self.assertEqual(lines[at + 4].split(), ["stat", "unionfs", "93", "statx", "62,", "read", "31"])
