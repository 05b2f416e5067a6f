package io.github.kib4j.cli;

import static io.github.kib4j.cli.CommandResult.kib;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every state in which a kill can leave a run's folder, made by hand: the run goes on and leaves what one leaves that was never
 * interrupted. {@link KillTest} finds such states by chance.
 */
final class HalfDoneTest {
    @TempDir
    Path folder;

    private int runs;

    /** Takes a finished run's folder back to an earlier state. */
    private interface Change {
        void of(Path run) throws IOException;
    }

    private static final String LAST = "checkpoint/step-" + TinyTraining.STEPS;
    private static final String BEFORE = "checkpoint/step-" + (TinyTraining.STEPS - 1);
    private static final String SUPERFLUOUS = "checkpoint/step-" + (TinyTraining.STEPS - 2);

    /** Changes that are tried in each folder of several rules. */
    private static final Set<String> IN_RULES = Set.of(
            "the oldest checkpoint is not yet removed",
            "the oldest checkpoint is set aside",
            "the last epoch is saved, but not in the metrics",
            "all is done but the record says running");

    /** Changes to the folder of a rule. */
    private static Map<String, Change> ofARule() {
        Map<String, Change> changes = new LinkedHashMap<>();
        changes.put(
                "the oldest checkpoint is not yet removed", run -> copy(run.resolve(BEFORE), run.resolve(SUPERFLUOUS)));
        changes.put(
                "the oldest checkpoint is set aside",
                run -> copy(run.resolve(BEFORE), run.resolve(SUPERFLUOUS + ".old")));
        changes.put("the oldest checkpoint is half removed", run -> {
            copy(run.resolve(BEFORE), run.resolve(SUPERFLUOUS + ".old"));
            Files.delete(run.resolve(SUPERFLUOUS + ".old/state.json"));
        });
        changes.put("a checkpoint is half written", run -> {
            Files.move(run.resolve(LAST), run.resolve(LAST + ".new"));
            Files.delete(run.resolve(LAST + ".new/state.json"));
            cutMetrics(run, 3);
            running(run);
        });
        changes.put("a checkpoint is whole, but has not got its name", run -> {
            Files.move(run.resolve(LAST), run.resolve(LAST + ".new"));
            cutMetrics(run, 3);
            running(run);
        });
        changes.put("the last epoch is saved, but not in the metrics", run -> {
            copy(run.resolve(BEFORE), run.resolve(SUPERFLUOUS));
            cutMetrics(run, 3);
            running(run);
        });
        changes.put("the last line of the metrics is cut", run -> {
            String metrics = Files.readString(run.resolve("metrics.jsonl"));
            Files.writeString(run.resolve("metrics.jsonl"), metrics.substring(0, metrics.length() - 40));
            running(run);
        });
        changes.put("the table is not yet written", run -> {
            Files.writeString(run.resolve("metrics.csv.new"), "epoch,se");
            Files.delete(run.resolve("metrics.csv"));
            running(run);
        });
        changes.put("files that were to be replaced", run -> {
            for (String name : List.of("config.toml", "run.json", "metrics.jsonl", "metrics.csv")) {
                Files.writeString(run.resolve(name + ".new"), "ha");
            }
        });
        changes.put("all is done but the record says running", HalfDoneTest::running);
        changes.put("the lock is of a dead process", run -> Files.writeString(run.resolve("run.lock"), "1"));
        return changes;
    }

    /** Changes to the folder of a run of two rules. */
    private static Map<String, Change> ofSeveral() {
        Map<String, Change> changes = new LinkedHashMap<>();
        changes.put("the summary is not yet written", run -> {
            Files.delete(run.resolve("summary.json"));
            Files.writeString(run.resolve("summary.json.new"), "{");
            running(run);
        });
        changes.put("files that were to be replaced", run -> {
            for (String name : List.of("config.toml", "run.json", "summary.json")) {
                Files.writeString(run.resolve(name + ".new"), "ha");
            }
        });
        changes.put("all is done but the record says running", HalfDoneTest::running);
        changes.put("the second rule has not begun", run -> {
            notYetSecond(run);
            deleteAll(run.resolve("readout"));
        });
        changes.put("the second rule has a lock", run -> {
            notYetSecond(run);
            emptyBut(run.resolve("readout"), "run.lock");
        });
        changes.put("the second rule is half saved", run -> {
            notYetSecond(run);
            emptyBut(run.resolve("readout"), "run.lock");
            Files.createDirectories(run.resolve("readout/checkpoint/step-0.new"));
            Files.writeString(run.resolve("readout/checkpoint/step-0.new/weights.safetensors"), "half");
        });
        changes.put("no rule has begun", run -> {
            notYetSecond(run);
            deleteAll(run.resolve("readout"));
            deleteAll(run.resolve("phsic"));
        });
        return changes;
    }

    /** Records that do not say how the run began; from now on they say how it went on. */
    private static Map<String, Change> ofEarlierVersions() {
        Map<String, Change> changes = new LinkedHashMap<>();
        changes.put("the record is no JSON", run -> Files.writeString(run.resolve("run.json"), "{\"state\" : \"fin"));
        changes.put("there is no record", run -> Files.delete(run.resolve("run.json")));
        return changes;
    }

    /** Changes that leave no configuration: the same command begins the run again. */
    private static Map<String, Change> ofABeginning() {
        Map<String, Change> changes = new LinkedHashMap<>();
        changes.put("an empty folder", run -> emptyBut(run, ""));
        changes.put("a lock", run -> emptyBut(run, "run.lock"));
        changes.put("a record", run -> {
            emptyBut(run, "run.json");
            running(run);
        });
        changes.put("half a configuration", run -> {
            emptyBut(run, "run.json");
            running(run);
            Files.writeString(run.resolve("config.toml.new"), "# All");
        });
        changes.put("half a record", run -> {
            emptyBut(run, "run.lock");
            Files.writeString(run.resolve("run.json.new"), "{");
        });
        return changes;
    }

    @TestFactory
    Stream<DynamicTest> oneRule() throws IOException {
        TinyTraining training = new TinyTraining(folder.resolve("data"), "phsic");
        Path whole = begun(training);
        return Stream.of(
                        tests(whole, ofARule(), Path.of(""), HalfDoneTest::resume),
                        tests(whole, ofEarlierVersions(), Path.of(""), HalfDoneTest::resume),
                        tests(whole, ofABeginning(), Path.of(""), training::goOn))
                .flatMap(tests -> tests);
    }

    @TestFactory
    Stream<DynamicTest> severalRules() throws IOException {
        TinyTraining training = new TinyTraining(folder.resolve("data"), "phsic,readout");
        Path whole = begun(training);
        Map<String, Change> some = ofARule();
        some.keySet().retainAll(IN_RULES);
        Stream<DynamicTest> inRules =
                training.rules().stream().flatMap(rule -> tests(whole, some, Path.of(rule), HalfDoneTest::resume));
        return Stream.of(
                        inRules,
                        tests(whole, ofSeveral(), Path.of(""), HalfDoneTest::resume),
                        tests(whole, ofEarlierVersions(), Path.of(""), HalfDoneTest::resume),
                        tests(whole, ofABeginning(), Path.of(""), training::goOn))
                .flatMap(tests -> tests);
    }

    private Path begun(TinyTraining training) throws IOException {
        Path whole = folder.resolve("whole");
        assertThat(kib(training.begin(whole).toArray(new String[0])).code()).isZero();
        return whole;
    }

    private interface Command {
        List<String> of(Path run);
    }

    private static List<String> resume(Path run) {
        return List.of("train", "--resume", run.toString());
    }

    private Stream<DynamicTest> tests(Path whole, Map<String, Change> changes, Path part, Command command) {
        return changes.entrySet().stream()
                .map(change -> DynamicTest.dynamicTest(part + " " + change.getKey(), () -> {
                    Path run = folder.resolve("run" + ++runs);
                    copy(whole, run);
                    replaceInFiles(run, whole.toString(), run.toString());
                    change.getValue().of(run.resolve(part));
                    boolean begunUnknown = !Files.exists(run.resolve("run.json"))
                            || Files.readString(run.resolve("run.json")).endsWith("fin");
                    CommandResult result = kib(command.of(run).toArray(new String[0]));
                    assertThat(result.code()).as(result.err()).isZero();
                    assertThat(content(run, begunUnknown)).isEqualTo(content(whole, begunUnknown));
                }));
    }

    private static Map<String, String> content(Path run, boolean begunUnknown) throws IOException {
        Map<String, String> content = TinyTraining.result(run);
        if (begunUnknown) {
            content.computeIfPresent("run.json", (name, text) -> text.replaceAll("\"command\" : [^\n]*", ""));
        }
        return content;
    }

    private static void running(Path run) throws IOException {
        Path record = run.resolve("run.json");
        String text = Files.readString(record);
        Files.writeString(
                record,
                text.replaceAll("\"(test_accuracy|test_loss|train_accuracy|train_seconds|epochs)\" : [^\n]*\n", "")
                        .replace("\"finished\"", "\"running\""));
    }

    private static void cutMetrics(Path run, int lines) throws IOException {
        for (String name : List.of("metrics.jsonl", "metrics.csv")) {
            List<String> all = Files.readAllLines(run.resolve(name));
            int kept = lines + (name.endsWith("csv") ? 1 : 0);
            Files.writeString(run.resolve(name), String.join("\n", all.subList(0, kept)) + "\n");
        }
    }

    private static void notYetSecond(Path run) throws IOException {
        Files.delete(run.resolve("summary.json"));
        running(run);
    }

    private static void emptyBut(Path run, String kept) throws IOException {
        try (Stream<Path> entries = Files.list(run)) {
            for (Path entry : entries.filter(e -> !e.endsWith(kept)).toList()) {
                deleteAll(entry);
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path path : all.toList()) {
                Files.copy(path, to.resolve(from.relativize(path).toString()));
            }
        }
    }

    private static void replaceInFiles(Path run, String from, String to) throws IOException {
        try (Stream<Path> all = Files.walk(run)) {
            for (Path file : all.filter(path -> path.endsWith("run.json") || path.endsWith("summary.json"))
                    .toList()) {
                Files.writeString(file, Files.readString(file).replace(from, to));
            }
        }
    }

    private static void deleteAll(Path path) throws IOException {
        try (Stream<Path> all = Files.walk(path)) {
            for (Path entry : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(entry);
            }
        }
    }
}
