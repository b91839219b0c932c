"""Results in files."""

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path

from macro import saved
from macro.__main__ import main

from .sample import results


class Files(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def file(self, name, run):
        saved.save(run, self.directory / name)
        return str(self.directory / name)

    def main(self, *arguments):
        """The exit status and what was printed."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(list(arguments))
        return status, out.getvalue() + err.getvalue()

    def test_a_saved_result_is_read_again(self):
        run = results({"stat": {"plain": [1.0]}})
        self.assertEqual(saved.load(Path(self.file("sub/a.json", run))).to_json(), run.to_json())

    def test_what_is_no_result_is_refused(self):
        for text in ("", "[]", "{}", '{"about": 1, "rows": 2}', '{"about": {}, "rows": [{}]}', '"x"',
                     '{"about": {}, "rows": [{"name": "a", "what": "", "unit": "s", "peers": {"p": []}}]}'):
            with self.subTest(text):
                file = self.directory / "x.json"
                file.write_text(text)
                with self.assertRaisesRegex(ValueError, "is not a result"):
                    saved.load(file)

    def test_regressions_are_exit_status_1(self):
        old = self.file("old.json", results({"a": {"overlayfs": [1, 1], "unionfs": [1, 1]}}))
        new = self.file("new.json", results({"a": {"overlayfs": [1, 1], "unionfs": [2, 2]}}))

        self.assertEqual(self.main("--from", new, "--compare", old)[0], 1)
        self.assertEqual(self.main("--from", old, "--compare", new)[0], 0)

    def test_a_file_that_is_no_result_is_exit_status_2(self):
        old = self.directory / "old.json"
        old.write_text(json.dumps([1]))

        status, text = self.main("--compare", str(old))

        self.assertEqual(status, 2)
        self.assertIn("old.json: is not a result", text)

    def test_drawings_are_written_where_they_are_asked_for(self):
        run = self.file("a.json", results({"a": {"overlayfs": [1, 1], "unionfs": [1, 1]}}))

        self.main("--from", run, "--plots", str(self.directory / "plots"))

        self.assertTrue((self.directory / "plots" / "programs.svg").exists())
