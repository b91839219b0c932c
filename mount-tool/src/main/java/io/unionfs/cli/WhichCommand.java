package io.unionfs.cli;

import io.unionfs.offline.Explainer;
import io.unionfs.offline.OpenLayers;
import io.unionfs.offline.Paths;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unionfs which}: the layers that make a path what it is. */
@Command(
    name = "which",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = {
      "Tells which layer of a union provides a path, what it hides in which layers, where it was copied up"
          + " from, and the marks that the layers have for it.",
      "",
      "Paths are in mounted unions; with --lower and --upper they are relative to the union that these make."
    },
    footer = {
      "",
      "Exit status: 0 all paths exist in their unions; 1 one does not, or is in no union; 2 wrong usage.",
      "",
      "Example: unionfs which /mnt/x/etc/hosts",
      "Example: unionfs which -r --lower a:b --upper c etc"
    })
final class WhichCommand implements Callable<Integer> {
  @Option(
      names = {"-r", "--recursive"},
      description = "Also everything below, a line each.")
  private boolean recursive;

  @Mixin private final OutputOptions output = new OutputOptions();
  @Mixin private final LayerOptions options = new LayerOptions();

  @Parameters(arity = "1..*", paramLabel = "PATH", description = "What is asked for.")
  private List<String> paths = List.of();

  @Override
  public Integer call() throws IOException {
    Sys sys = Sys.linux();
    try (Output out = output.open()) {
      WhichPrinter printer = new WhichPrinter(out, output.json(), recursive);
      if (options.given()) {
        List<List<Name>> inside = new ArrayList<>();
        for (String path : paths) {
          inside.add(Paths.normalized(RawArguments.bytes(path)));
        }
        try (OpenLayers layers = OpenLayers.open(sys, options.sources())) {
          explain(layers, inside, printer);
        }
      } else {
        explainMounted(sys, printer);
      }
      return printer.failed() ? Main.FAILED : 0;
    }
  }

  /* Paths of one union after the other, so that each is asked once. */
  private void explainMounted(Sys sys, WhichPrinter printer) throws IOException {
    Map<Long, List<UnionPath>> unions = new LinkedHashMap<>();
    for (String path : paths) {
      UnionPath found = UnionPath.of(sys, path);
      unions.computeIfAbsent(found.union().mount().id(), id -> new ArrayList<>()).add(found);
    }
    for (List<UnionPath> together : unions.values()) {
      LiveLayers live = LiveLayers.of(sys, together.get(0).union());
      try (OpenLayers layers = OpenLayers.open(sys, live.sources())) {
        explain(layers, together.stream().map(UnionPath::names).toList(), printer);
      }
    }
  }

  private void explain(OpenLayers layers, List<List<Name>> inside, WhichPrinter printer)
      throws IOException {
    Explainer explainer = new Explainer(layers);
    for (List<Name> path : inside) {
      explainer.explain(path, recursive, printer);
    }
  }
}
