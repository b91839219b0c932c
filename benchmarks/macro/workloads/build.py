"""A program in C of many small files, built by make."""

from __future__ import annotations

from ..sandbox import Failure
from .scenario import Scenario, need, stack_of

MAKEFILE = """\
CC = gcc
CFLAGS = -O1 -Iinclude
OBJECTS = $(patsubst source/%.c,output/%.o,$(wildcard source/*.c))

program: $(OBJECTS)
\t$(CC) -o $@ $^

output/%.o: source/%.c $(wildcard include/*.h)
\t@mkdir -p output
\t$(CC) $(CFLAGS) -c -o $@ $<

clean:
\trm -rf output program
"""


class Build(Scenario):
    def rows(self):
        return {
            "build/make": f"make of a program in C, {self.plan.build_files} files; two at the same time",
            "build/again": "make when nothing is to be done",
            "build/clean": "make clean"}

    def prepare(self, bench, home):
        need("make", "gcc")
        self.stack = stack_of(home, self.plan)
        # Sources are in several layers, as after some commits of an image.
        for part in ("source", "include"):
            for layer in ("l2", "l6"):
                (home / layer / "project" / part).mkdir(parents=True)
        count = self.plan.build_files
        for i in range(count):
            project = home / ("l2" if i % 5 == 0 else "l6") / "project"
            (project / "include" / f"part{i}.h").write_text(f"unsigned part{i}(unsigned x);\n")
            (project / "source" / f"part{i}.c").write_text(self.source(i, count))
        project = home / "l6" / "project"
        calls = "".join(f"  sum += part{i}({i});\n" for i in range(count))
        includes = "".join(f'#include "part{i}.h"\n' for i in range(count))
        (project / "source" / "main.c").write_text(
            f"#include <stdio.h>\n{includes}int main(void) {{\n  unsigned sum = 0;\n{calls}"
            '  printf("%u\\n", sum);\n  return 0;\n}\n')
        (project / "Makefile").write_text(MAKEFILE)
        # part(x) = 3 x + i, and the next one's of its own number.
        self.answer = str(sum(3 * i + i + ((i + 1) % count) for i in range(count)) % (1 << 32))
        self.stack.complete(bench.sandbox)

    @staticmethod
    def source(i, count):
        near = (i + 1) % count
        headers = "".join(f'#include "part{(i + k) % count}.h"\n' for k in range(min(count, 8)))
        return (f"#include <stdlib.h>\n#include <string.h>\n{headers}"
                f"unsigned part{i}(unsigned x) {{\n  return x * 3 + {i} + (x == {i} ? {near} : 0);\n}}\n")

    def round(self, trial):
        rows = list(self.rows())
        if trial.wants(*rows):
            trial.mount(self.stack, rows, lambda m: self.body(trial, m), warm=True, own_flat=True)

    def body(self, trial, m):
        def step(row, *words, needed=False):
            trial.measure(row, m, lambda: trial.driver.run([["make", "-s", "-C", "project", *words]], m.point),
                          needed=needed)

        step("build/make", "-j2", needed=trial.wants("build/again", "build/clean"))
        trial.confirm(["build/make"], lambda: self.sound(trial, m))
        trial.check(["build/make"], m, ["project"])
        step("build/again")
        step("build/clean", "clean")
        if trial.wants("build/clean"):
            trial.check(["build/clean"], m, ["project"])

    def sound(self, trial, m):
        """The program must run and give what was expected, and make must find it complete."""
        out = trial.bench.sandbox.run(["project/program"], cwd=m.point, point=m.point).strip()
        if out != self.answer:
            raise Failure(f"the program that was built gives {out} instead of {self.answer}")
        trial.bench.sandbox.run(["make", "-q", "-C", "project"], cwd=m.point, point=m.point)
