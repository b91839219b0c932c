"""What workloads read from the output of programs."""

import tempfile
import unittest
from pathlib import Path

from macro import plan
from macro.sandbox import Failure
from macro.workloads import Maven, postgres

PGBENCH = """transaction type: <builtin: TPC-B (sort of)>
scaling factor: 2
number of clients: 2
number of transactions actually processed: 4711
number of failed transactions: {failed} (0.000%)
latency average = 2.122 ms
tps = 942.466880 (without initial connection time)
"""


class Pgbench(unittest.TestCase):
    def test_transactions_and_their_rate_are_found(self):
        out = PGBENCH.format(failed=0)
        self.assertEqual((postgres.tps(out), postgres.processed(out)), (942.46688, 4711))

    def test_failed_transactions_are_a_failure(self):
        with self.assertRaisesRegex(Failure, "3 transactions failed"):
            postgres.tps(PGBENCH.format(failed=3))

    def test_other_output_is_a_failure(self):
        with self.assertRaisesRegex(Failure, "does not say"):
            postgres.tps("pgbench: hint")


class MavenProject(unittest.TestCase):
    def test_it_is_built_with_the_plugins_that_we_are_built_with(self):
        with tempfile.TemporaryDirectory() as directory:
            project = Path(directory) / "project"

            Maven(plan.quick()).generate(project)

            pom = (project / "pom.xml").read_text()
        self.assertEqual(pom.count("<version>"), 5)
        self.assertIn("<module>m0</module><module>m1</module>", pom)
