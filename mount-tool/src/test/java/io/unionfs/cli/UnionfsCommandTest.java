package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class UnionfsCommandTest {
  @Test
  void commandsHaveTheNamesThatTheyAreFoundBy() {
    Map<String, CommandLine> commands = UnionfsCommand.line().getSubcommands();

    assertThat(commands).hasSizeGreaterThan(10);
    commands.forEach(
        (name, command) -> {
          assertThat(command.getCommandSpec().name()).isEqualTo(name);
          Class<?> type = command.getCommandSpec().userObject().getClass();
          assertThat(type.getAnnotation(CommandLine.Command.class).name()).isEqualTo(name);
        });
  }

  @Test
  void lineHasOnlyTheCommandThatItNames() {
    assertThat(UnionfsCommand.lineFor("diff", "--help").getSubcommands()).containsOnlyKeys("diff");
  }

  @Test
  void anyOtherLineHasAll() {
    Map<String, CommandLine> all = UnionfsCommand.line().getSubcommands();

    for (String first : new String[] {"help", "--help", "dif", ""}) {
      assertThat(UnionfsCommand.lineFor(first, "diff").getSubcommands().keySet())
          .as(first)
          .isEqualTo(all.keySet());
    }
    assertThat(UnionfsCommand.lineFor().getSubcommands().keySet()).isEqualTo(all.keySet());
  }
}
