package io.unionfs.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;

/** Gives a test its union, checks the invariants afterwards, and cleans up whatever happened. */
final class MountTestExtension implements TestTemplateInvocationContextProvider {
  @Override
  public boolean supportsTestTemplate(ExtensionContext context) {
    return true;
  }

  @Override
  public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(
      ExtensionContext context) {
    MountTest settings = context.getRequiredTestMethod().getAnnotation(MountTest.class);
    return Stream.of(settings.accounts())
        .flatMap(
            account ->
                Stream.of(settings.variants())
                    .filter(variant -> variant.isFor(account))
                    .map(variant -> new Run(account, variant)));
  }

  private record Run(Account account, Variant variant) implements TestTemplateInvocationContext {
    @Override
    public String getDisplayName(int index) {
      return account + ", " + variant;
    }

    @Override
    public List<Extension> getAdditionalExtensions() {
      return List.of(new Fixture(account, variant));
    }
  }

  private static final class Fixture
      implements BeforeEachCallback, AfterEachCallback, ParameterResolver {
    private final Account account;
    private final Variant variant;
    private @Nullable Union union;

    Fixture(Account account, Variant variant) {
      this.account = account;
      this.variant = variant;
    }

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
      Optional<String> obstacle = obstacle();
      if (obstacle.isPresent() && "true".equals(System.getenv("CI"))) {
        throw new AssertionError("cannot run on CI: " + obstacle.get());
      }
      Assumptions.assumeTrue(obstacle.isEmpty(), () -> obstacle.orElse(""));
    }

    private Optional<String> obstacle() throws IOException, InterruptedException {
      Optional<String> found = account.obstacle();
      if (found.isPresent()) {
        return found;
      }
      boolean usable =
          Command.script(account, "test -r /dev/fuse -a -w /dev/fuse").run().status() == 0;
      return usable ? Optional.empty() : Optional.of("no access to /dev/fuse for " + account);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == Union.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
      try {
        Path home = Files.createTempDirectory("unionfs-it-");
        Union made = new Union(home, account, variant);
        union = made;
        return made;
      } catch (IOException e) {
        throw new IllegalStateException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
      Union made = union;
      if (made == null) {
        return;
      }
      boolean passed = false;
      try {
        if (context.getExecutionException().isEmpty()) {
          made.checkInvariants();
          passed = true;
        }
      } finally {
        if (!passed) {
          keepEvidence(context, made);
        }
        made.destroy();
      }
    }

    private void keepEvidence(ExtensionContext context, Union made) throws IOException {
      String name =
          context.getRequiredTestClass().getSimpleName()
              + "."
              + context.getRequiredTestMethod().getName()
              + "-"
              + account
              + "-"
              + variant.name();
      Path directory = Files.createDirectories(Path.of("target", "failures", name));
      Files.write(
          directory.resolve("mountinfo"), Files.readAllBytes(Path.of("/proc/self/mountinfo")));
      if (Files.exists(made.log())) {
        Files.write(directory.resolve("server.log"), Files.readAllBytes(made.log()));
      }
    }
  }
}
