"""Sizes, and what a quick run is made of."""

import fnmatch
import unittest

from macro import peers, plan, requests
from macro.__main__ import make_plan, parse
from macro.results import wanted
from macro.workloads import ALL


def rows_of(sizes):
    return [row for scenario in ALL for row in scenario(sizes).rows()]


class Quick(unittest.TestCase):
    def test_each_pattern_of_a_quick_run_selects_something(self):
        rows = rows_of(plan.quick())
        for pattern in plan.QUICK_ROWS:
            self.assertTrue(any(wanted(row, [pattern]) for row in rows), pattern)

    def test_each_implementation_of_a_quick_run_is_known(self):
        known = [peer.name for peer in peers.known("unionfs-mount")]
        self.assertLessEqual(set(plan.QUICK_PEERS), set(known))
        self.assertLessEqual(set(plan.QUICK_PARTS), set(plan.QUICK_PEERS))

    def test_a_quick_run_has_more_than_one_round(self):
        self.assertGreaterEqual(plan.quick().rounds, 2)


class Names(unittest.TestCase):
    def test_no_two_workloads_have_the_same_name(self):
        rows = rows_of(plan.Plan())
        self.assertEqual(len(rows), len(set(rows)))

    def test_names_have_no_characters_of_patterns(self):
        for row in rows_of(plan.Plan()):
            self.assertTrue(fnmatch.fnmatchcase(row, row), row)


class Options(unittest.TestCase):
    def test_rounds_and_processes_replace_those_of_the_plan(self):
        sizes = make_plan(parse(["--rounds", "7", "--processes", "1,4"]))
        self.assertEqual((sizes.rounds, sizes.processes), (7, (1, 4)))

    def test_counting_requests_is_one_round(self):
        self.assertEqual(make_plan(parse(["--requests"])).rounds, 1)

    def test_patterns_are_separated_by_commas_or_repeated(self):
        self.assertEqual(parse(["--only", "a,b", "--only", "c"]).only, ["a", "b", "c"])


class Also(unittest.TestCase):
    def test_a_further_implementation_is_described_in_one_word(self):
        peer = peers.also("old=unionfs:/old/unionfs-mount:--io:passthrough", "unionfs-mount")
        self.assertEqual(peer, peers.Peer("old", "unionfs", "/old/unionfs-mount", ("--io", "passthrough")))

    def test_an_unknown_kind_is_refused(self):
        with self.assertRaisesRegex(ValueError, "KIND one of"):
            peers.also("x=aufs:aufs", "unionfs-mount")


class Requests(unittest.TestCase):
    def test_requests_of_a_trace_are_counted_by_name(self):
        trace = """# tracer: nop
            stat-123 [000] ..... 1.000000: fuse_request_send: connection 58 req 2 opcode 1 (FUSE_LOOKUP) len 45
            stat-123 [000] ..... 1.000100: fuse_request_send: connection 58 req 4 opcode 3 (FUSE_GETATTR) len 56
            stat-123 [001] ..... 1.000200: fuse_request_send: connection 58 req 6 opcode 1 (FUSE_LOOKUP) len 45
            """
        self.assertEqual(requests.count_requests(trace), {"LOOKUP": 2, "GETATTR": 1})

    def test_an_empty_trace_has_none(self):
        self.assertEqual(requests.count_requests("# tracer: nop\n"), {})
        self.assertEqual(requests.count_calls("# tracer: nop\n"), {})

    def test_calls_of_a_trace_are_counted_by_name(self):
        trace = """# tracer: nop
            unionfs /m-123 [000] ..... 1.000000: sys_read(fd: 0x23, buf: 0x55eedcd12590, count: 0x114000)
            unionfs /m-123 [000] ..... 1.000010: sys_statx(dfd: 0x26, filename: 0x7f01, flags: 0x900)
            unionfs /m-123 [001] ..... 1.000020: sys_read(fd: 0x23, buf: 0x55eedcd12590, count: 0x114000)
            """
        self.assertEqual(requests.count_calls(trace), {"read": 2, "statx": 1})
