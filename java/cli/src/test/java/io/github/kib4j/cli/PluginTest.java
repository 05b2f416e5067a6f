package io.github.kib4j.cli;

import static io.github.kib4j.cli.CommandResult.kib;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kib --plugin}: the example's rule, out of a jar of its own; jars that add nothing, or what cannot be. */
final class PluginTest {
    private static final Path EXAMPLE = Path.of("../examples/src/main/java/io/github/kib4j/examples/LocalErrors.java");
    private static final String RULES = "META-INF/services/io.github.kib4j.experiment.RuleProvider";
    private static final String TEACHINGS = "META-INF/services/io.github.kib4j.experiment.TeachingProvider";
    private static final String HEAD = "package a; import io.github.kib4j.experiment.*; import io.github.kib4j.rule.*;"
            + " import io.github.kib4j.objective.*; import io.github.kib4j.op.Kernel; ";

    private final ClassLoader before = Thread.currentThread().getContextClassLoader();

    @TempDir
    Path folder;

    @BeforeEach
    void writeImages() throws IOException {
        TinyImages.idx(folder.resolve("data/mnist"), 60, 20);
    }

    @AfterEach
    void forgetPlugins() {
        Thread.currentThread().setContextClassLoader(before);
    }

    @Test
    void theExamplesRuleLearnsIsResumedAndEvaluated() throws IOException {
        String jar = jar(
                "rule.jar",
                Files.readString(EXAMPLE),
                "LocalErrors",
                Map.of(RULES, "io.github.kib4j.examples.LocalErrors"));
        CommandResult trained = train(jar, "whole", "--rule", "local-errors,readout", "--epochs", "4");
        assertThat(trained.code()).as(trained.err()).isZero();
        Path run = folder.resolve("whole/local-errors");
        List<Double> losses = losses(run);
        assertThat(losses.get(losses.size() - 1)).isLessThan(losses.get(0));
        assertThat(json(run.resolve("run.json")).at("/plugins/0/file").asText()).isEqualTo("rule.jar");
        assertThat(json(run.resolve("run.json")).at("/plugins/0/sha256").asText())
                .matches("[0-9a-f]{64}");
        assertThat(kib("--plugin", jar, "train", "--resume", run.toString()).code())
                .isZero();
        CommandResult evaluated =
                kib("--plugin", jar, "eval", folder.resolve("whole").toString());
        assertThat(evaluated.code()).as(evaluated.err()).isZero();
        assertThat(evaluated.out()).contains("local-errors");
        forgetPlugins();
        kib("train", "--resume", folder.resolve("whole").toString())
                .assertSentence(2, "One of a plugin needs 'kib --plugin JAR' before the command.");
    }

    @Test
    void processesOfAnExperimentHaveThePluginToo() throws IOException {
        String jar = jar(
                "rule.jar",
                Files.readString(EXAMPLE),
                "LocalErrors",
                Map.of(RULES, "io.github.kib4j.examples.LocalErrors"));
        Path changes = Files.writeString(folder.resolve("changes.toml"), "[other-rule]\nrule = \"local-errors\"\n");
        CommandResult said = kib(
                "--plugin",
                jar,
                "experiment",
                "ablation",
                "--preset",
                "mlp-mnist-cosine-grp",
                "--changes-from",
                changes.toString(),
                "--changes",
                "other-rule",
                "--data",
                folder.resolve("data").toString(),
                "--layers",
                "16,12",
                "--groups",
                "4",
                "--batch",
                "10",
                "--epochs",
                "1",
                "--seeds",
                "1",
                "--device",
                "reference",
                "--quiet",
                "--out",
                folder.resolve("study").toString());
        assertThat(said.code()).as(said.err()).isZero();
        assertThat(said.out()).contains("other-rule");
    }

    @Test
    void aTeachingSignalIsAddedToo() throws IOException {
        String coarse =
                HEAD + "public class Coarse implements TeachingProvider { public String name() { return \"coarse\"; }"
                        + " public TeachingSignal teaching(Request r) { return TeachingSignals.classes(r.classes(), Kernel.LINEAR, false); } }";
        String jar = jar("teaching.jar", coarse, "Coarse", Map.of(TEACHINGS, "a.Coarse"));
        CommandResult trained = train(jar, "taught", "--rule", "phsic", "--teaching", "coarse", "--epochs", "1");
        assertThat(trained.code()).as(trained.err()).isZero();
        assertThat(Files.readString(folder.resolve("taught/config.toml"))).contains("teaching = \"coarse\"");
    }

    @Test
    void whatIsNoPluginIsSaid() throws IOException {
        kib("--plugin", folder.resolve("none.jar").toString(), "doctor").assertSentence(2, "There is no plugin ");
        String text = Files.writeString(folder.resolve("text.jar"), "text").toString();
        kib("--plugin", text, "doctor").assertSentence(2, "cannot be read as a jar");
        String empty = jar("empty.jar", "package a; public class A {}", "A", Map.of());
        kib("--plugin", empty, "doctor").assertSentence(2, "adds nothing: it has neither a file META-INF/services/");
        String gone = jar("gone.jar", "package a; public class A {}", "A", Map.of(RULES, "a.Gone"));
        kib("--plugin", gone, "doctor").assertSentence(2, "What a plugin adds cannot be used (");
        kib("train", "--plugin", "a.jar")
                .assertSentence(2, "There is no option '--plugin'; did you mean kib --plugin?");
    }

    @Test
    void aRuleThatCannotBeIsSaid() throws IOException {
        kib("--plugin", rule("phsic", "null"), "doctor")
                .assertSentence(2, "The rule phsic of a.One has the name of another");
        kib("--plugin", rule("My Rule", "null"), "doctor").assertSentence(2, "The name 'My Rule' of a.One is none");
        train(rule("mine", "null"), "a", "--rule", "mine").assertSentence(2, "The plugin's rule mine made nothing.");
        CommandResult failed = train(rule("mine", "(Rule) (Object) name()"), "b", "--rule", "mine");
        assertThat(failed.code()).isEqualTo(2);
        assertThat(failed.err()).startsWith("kib: The plugin's rule mine failed: java.lang.ClassCastException");
    }

    private String rule(String name, String rule) throws IOException {
        String source = HEAD + "public class One implements RuleProvider { public String name() { return \"" + name
                + "\"; }" + " public Rule rule(Request r) { return " + rule + "; } }";
        forgetPlugins();
        return jar(Math.abs((name + rule).hashCode()) + ".jar", source, "One", Map.of(RULES, "a.One"));
    }

    private CommandResult train(String jar, String out, String... more) {
        List<String> command = new ArrayList<>(List.of("--plugin", jar, "train", "--dataset", "mnist", "--data"));
        command.addAll(
                List.of(folder.resolve("data").toString(), "--model", "mlp", "--layers", "16,12", "--groups", "4"));
        command.addAll(List.of(
                "--batch", "10", "--device", "reference", "--quiet", "--optimizer", "adamw", "--lr-local", "0.01"));
        command.addAll(List.of("--out", folder.resolve(out).toString()));
        command.addAll(List.of(more));
        return kib(command.toArray(new String[0]));
    }

    /** Compiles a class against this class path, packs it with service files, and returns the jar. */
    private String jar(String name, String source, String type, Map<String, String> services) throws IOException {
        Path sources = Files.createTempDirectory(folder, "source");
        Path classes = Files.createTempDirectory(folder, "classes");
        Path file = Files.writeString(sources.resolve(type + ".java"), source);
        int status = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "-proc:none",
                        "-d",
                        classes.toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        file.toString());
        assertThat(status).isZero();
        Path jar = folder.resolve(name);
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream packed = new JarOutputStream(out);
                Stream<Path> all = Files.walk(classes)) {
            for (Path one : all.filter(Files::isRegularFile).toList()) {
                packed.putNextEntry(new JarEntry(classes.relativize(one).toString()));
                Files.copy(one, packed);
            }
            for (Map.Entry<String, String> service : services.entrySet()) {
                packed.putNextEntry(new JarEntry(service.getKey()));
                packed.write(service.getValue().getBytes());
            }
        }
        return jar.toString();
    }

    private static List<Double> losses(Path run) throws IOException {
        List<Double> losses = new ArrayList<>();
        for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
            JsonNode loss = new ObjectMapper().readTree(line).at("/local_losses/0");
            if (!loss.isMissingNode()) {
                losses.add(loss.asDouble());
            }
        }
        assertThat(losses).isNotEmpty();
        return losses;
    }

    private static JsonNode json(Path file) throws IOException {
        return new ObjectMapper().readTree(file.toFile());
    }
}
