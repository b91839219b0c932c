"""A program in Java of several modules, built by Maven from its local repository alone."""

from __future__ import annotations

import re
from pathlib import Path

from ..sandbox import Failure
from .scenario import Scenario, need, stack_of

POM = Path(__file__).resolve().parents[3] / "pom.xml"
PLUGINS = ("maven-compiler-plugin", "maven-jar-plugin", "maven-resources-plugin", "maven-surefire-plugin")
HEAD = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
"""
# Maven tells its errors on standard output, after a sequence that resets the colour.
COMMAND = ["sh", "-c", 'exec mvn -o -q -B -Dstyle.color=never -Dmaven.test.skip=true package -f "$1" >&2', "sh"]


class Maven(Scenario):
    def rows(self):
        return {"maven/package": f"mvn -o package of {self.plan.java_modules} modules, without tests"}

    def prepare(self, bench, home):
        need("mvn", "java")
        self.stack = stack_of(home, self.plan)
        self.generate(home / "l5" / "project")
        trial = home / "trial"
        bench.sandbox.run(["cp", "-a", str(home / "l5" / "project"), str(trial)])
        try:
            bench.sandbox.run([*COMMAND, str(trial)], timeout=self.plan.timeout)
        except Failure as e:
            raise Failure("Maven cannot build it offline: " + re.sub(r"\x1b\[\d*m", "", str(e))) from None
        self.answer = self.ask(bench, trial)
        bench.sandbox.remove(trial)
        self.stack.complete(bench.sandbox)

    def generate(self, project):
        """Modules that each need the one before, with the plugins that this project is built with."""
        pom = POM.read_text()
        versions = {name: re.search(rf"<{name}\.version>([^<]+)<", pom) for name in PLUGINS}
        plugins = "".join(
            f"<plugin><artifactId>{name}</artifactId><version>{found[1]}</version></plugin>\n"
            for name, found in versions.items() if found)
        count = self.plan.java_modules
        modules = "".join(f"<module>m{i}</module>" for i in range(count))
        project.mkdir()
        (project / "pom.xml").write_text(
            f"{HEAD}<groupId>b</groupId><artifactId>all</artifactId><version>1</version><packaging>pom</packaging>\n"
            "<properties><maven.compiler.release>17</maven.compiler.release>"
            "<project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>"
            "<project.build.outputTimestamp>2024-01-01T00:00:00Z</project.build.outputTimestamp></properties>\n"
            f"<modules>{modules}</modules>\n<build><plugins>{plugins}</plugins></build></project>\n")
        for i in range(count):
            sources = project / f"m{i}" / "src" / "main" / "java" / "b" / f"m{i}"
            sources.mkdir(parents=True)
            needs = (f"<dependencies><dependency><groupId>b</groupId><artifactId>m{i - 1}</artifactId>"
                     "<version>1</version></dependency></dependencies>") if i else ""
            (project / f"m{i}" / "pom.xml").write_text(
                f"{HEAD}<parent><groupId>b</groupId><artifactId>all</artifactId><version>1</version></parent>"
                f"<artifactId>m{i}</artifactId>{needs}</project>\n")
            for c in range(20):
                before = f"b.m{i - 1}.C{c}.value(x)" if i else "x"
                (sources / f"C{c}.java").write_text(
                    f"package b.m{i};\n\npublic final class C{c} {{\n  public static int value(int x) {{\n"
                    f"    return 31 * {before} + {c};\n  }}\n\n"
                    f"  public static void main(String[] arguments) {{\n    System.out.println(value({c}));\n  }}\n}}\n")

    def ask(self, bench, project):
        """What the built program says."""
        jars = ":".join(f"m{i}/target/m{i}-1.jar" for i in range(self.plan.java_modules))
        return bench.sandbox.run(
            ["java", "-cp", jars, f"b.m{self.plan.java_modules - 1}.C7"], cwd=project, point=project.parent).strip()

    def round(self, trial):
        row = "maven/package"
        if trial.wants(row):
            trial.mount(self.stack, [row], lambda m: self.body(trial, m, row), warm=True, own_flat=True)

    def body(self, trial, m, row):
        trial.measure(row, m, lambda: trial.driver.run([[*COMMAND, "project"]], m.point))
        trial.confirm([row], lambda: self.sound(trial, m))
        # What Maven notes of its own work has times in it.
        trial.check([row], m, ["project"], ("maven-status", "maven-archiver"))

    def sound(self, trial, m):
        """The program must run and give what it gives elsewhere."""
        out = self.ask(trial.bench, m.point / "project")
        if out != self.answer:
            raise Failure(f"the program that was built gives {out} instead of {self.answer}")
