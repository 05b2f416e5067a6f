package io.github.kib4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ctrl-C, SIGTERM, and a second process on a run's folder, on real processes. */
final class SignalTest {
    private static final int INTERRUPTED = 130;
    private static final int TERMINATED = 143;

    @TempDir
    Path folder;

    private TinyTraining training;
    private Path run;

    @BeforeEach
    void writeImages() throws IOException {
        training = new TinyTraining(folder.resolve("data"), "phsic");
        run = folder.resolve("run");
    }

    private Child start(List<String> arguments) throws IOException {
        return new Child(folder.resolve("err"), arguments);
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143", "HUP, 129"})
    void aSignalSavesAndTheRunGoesOn(String signal, int code) throws Exception {
        List<String> endless = training.begin(run, "--layers", "16", "--batch", "10", "--epochs", "100000");
        try (Child child = start(endless)) {
            child.await(run.resolve("checkpoint/step-6"));
            child.signal(signal);
            assertThat(child.code()).as(child.said()).isEqualTo(code);
            assertThat(child.said()).contains("Stopping after this step").contains("Stopped; saved in " + run);
        }
        try (Child child = start(List.of("train", "--resume", run.toString()))) {
            child.awaitWords("Going on after epoch ");
            assertThat(child.said()).doesNotContain("Going on after epoch 0, ");
            child.signal("TERM");
            assertThat(child.code()).as(child.said()).isEqualTo(TERMINATED);
        }
    }

    @Test
    void ofSeveralRulesTheAdviceIsToGoOnWithAll() throws Exception {
        training = new TinyTraining(folder.resolve("data"), "phsic,readout");
        run = folder.resolve("my runs/it's");
        List<String> endless = training.begin(run, "--layers", "16", "--batch", "10", "--epochs", "100000");
        try (Child child = new Child(folder.resolve("err"), endless, Map.of("KIB_COMMAND", "./kib"))) {
            child.await(run.resolve("phsic/checkpoint/step-6"));
            child.signal("INT");
            assertThat(child.code()).as(child.said()).isEqualTo(INTERRUPTED);
            assertThat(child.said())
                    .contains("Stopped; saved in " + run + ". Go on with: ./kib train --resume '" + folder
                            + "/my runs/it'\\''s'\n")
                    .doesNotContain("--resume '" + run + "/phsic");
        }
        for (Path part : List.of(run, run.resolve("phsic"))) {
            assertThat(Files.readString(part.resolve("run.json"))).startsWith("{\n  \"state\" : \"interrupted\"");
        }
        CommandResult eval = CommandResult.kib("eval", run.toString());
        assertThat(eval.code()).isZero();
        assertThat(eval.err())
                .contains("Not evaluated: readout, which has no checkpoint yet; go on with: kib train --resume ");
        assertThat(eval.out()).contains(" test images, loss ");
    }

    /** An evaluation of so many images that the signal falls into it. */
    @Test
    void aSignalDuringEvaluationLosesNothing() throws Exception {
        TinyImages.idx(folder.resolve("data/mnist"), 20, 200_000);
        String[] options = {"--layers", "16", "--batch", "10", "--epochs", "1"};
        try (Child child = start(training.begin(run, options))) {
            child.await(run.resolve("checkpoint/step-2"));
            child.signal("INT");
            assertThat(child.code()).as(child.said()).isEqualTo(INTERRUPTED);
            assertThat(run.resolve("metrics.jsonl")).as(child.said()).doesNotExist();
        }
        try (Child child = start(List.of("train", "--resume", run.toString()))) {
            assertThat(child.code()).as(child.said()).isZero();
            assertThat(child.said()).contains("Going on after epoch 1, step 2.");
        }
        Path whole = folder.resolve("whole");
        try (Child child = start(training.begin(whole, options))) {
            assertThat(child.code()).as(child.said()).isZero();
        }
        assertThat(timeless(run)).isEqualTo(timeless(whole));
    }

    private static String timeless(Path run) throws IOException {
        return TinyTraining.withoutTimes(Files.readString(run.resolve("metrics.jsonl")));
    }

    /** A step so long that the second signal falls into it. */
    @Test
    void aSecondSignalQuitsAtOnceWithoutHarm() throws Exception {
        TinyImages.idx(folder.resolve("data/mnist"), 10_000, 20);
        String[] options = {"--batch", "10000", "--epochs", "1", "--layers", "512,512"};
        try (Child child = start(training.begin(run, options))) {
            child.await(run.resolve("config.toml"));
            child.signal("INT");
            child.awaitWords("Stopping after this step");
            child.signal("INT");
            assertThat(child.endsWithin(TimeUnit.SECONDS.toNanos(30))).isTrue();
            assertThat(child.code()).as(child.said()).isEqualTo(INTERRUPTED);
            assertThat(child.said()).doesNotContain("Stopped; saved");
        }
        assertThat(run.resolve("checkpoint")).isDirectoryContaining("glob:**/step-0");
        try (Child child = start(List.of("eval", run.toString()))) {
            assertThat(child.code()).as(child.said()).isZero();
        }
    }

    @Test
    void aSignalBeforeTheRunBeginsLeavesNothing() throws Exception {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 5; i++) {
            Path out = folder.resolve("never" + i);
            try (Child child = start(training.begin(out))) {
                boolean ended = child.endsWithin(random.nextLong(TimeUnit.MILLISECONDS.toNanos(200)));
                assertThat(ended).isFalse();
                child.signal("TERM");
                assertThat(child.code()).as("seed " + seed + child.said()).isEqualTo(TERMINATED);
                assertThat(Files.exists(out.resolve("config.toml")))
                        .as("there is a run if it was saved, seed " + seed)
                        .isEqualTo(child.said().contains("Stopped; saved"));
            }
        }
    }

    @Test
    void aSecondProcessIsRefusedAndADeadOneIsNot() throws Exception {
        List<String> endless = training.begin(run, "--layers", "16", "--batch", "10", "--epochs", "100000");
        try (Child first = start(endless)) {
            first.await(run.resolve("config.toml"));
            try (Child second = new Child(folder.resolve("err2"), List.of("train", "--resume", run.toString()))) {
                assertThat(second.code()).as(second.said()).isEqualTo(1);
                assertThat(second.said())
                        .contains("kib: The run in " + run + " is being trained by process " + first.pid()
                                + "; wait until that ends, or stop it.");
            }
            first.kill();
        }
        try (Child third = start(List.of("train", "--resume", run.toString()))) {
            third.awaitWords("Going on after epoch ");
        }
    }
}
