package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.checkpoint.CheckpointException;
import io.github.kib4j.experiment.TrialResult.State;
import io.github.kib4j.experiment.TrialWorker.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Studies of small trainings: what is done, what is not done again, what is told of what cannot be done. */
final class StudyTest {
    private static final int PATIENCE_SECONDS = 60;

    @TempDir
    Path folder;

    @TempDir
    Path data;

    private Settings tiny() throws IOException {
        return TinyStudy.settings(data);
    }

    private static Candidate candidate(Settings settings, int seeds) {
        return TinyStudy.candidate(settings, seeds);
    }

    private Candidate candidate(String rule, int seeds) throws IOException {
        return candidate(tiny().set(Key.RULE, rule), seeds);
    }

    /** Writes down what it is told. */
    private static final class Heard implements StudyListener {
        final List<String> lines = new ArrayList<>();

        @Override
        public void begin(int trials, int settled) {
            lines.add(settled + " of " + trials);
        }

        @Override
        public void skipped(String dataset, String message, boolean missing) {
            lines.add("skipped " + dataset + " " + missing);
        }

        @Override
        public void end(Trial trial, TrialResult result) {
            lines.add(trial.title() + " " + result.state());
        }
    }

    /** Trains nothing, and says how that ended. */
    private static TrialWorker ends(Outcome.Kind kind, String message) {
        return new TrialWorker() {
            @Override
            public Outcome train(Trial trial, Path run, String command, Listener listener) {
                return new Outcome(kind, message);
            }

            @Override
            public void stop() {
                // Nothing runs.
            }
        };
    }

    @Test
    void trainsSeedBySeedAndWhatIsDoneIsNotDoneAgain() throws IOException {
        Candidate[] both = {candidate("phsic", 2), candidate("backprop", 2)};
        Heard first = new Heard();
        StudyTable table = TinyStudy.run(folder, new TrialTraining(), first, both);
        assertThat(first.lines)
                .containsExactly(
                        "0 of 4",
                        "phsic, seed 0 FINISHED",
                        "backprop, seed 0 FINISHED",
                        "phsic, seed 1 FINISHED",
                        "backprop, seed 1 FINISHED");
        assertThat(table.lines()).allSatisfy(line -> {
            assertThat(line.mean()).isBetween(0.0, 100.0);
            assertThat(line.deviation()).isNotNegative();
            TrialResult result = line.results().get(1);
            Path run = folder.resolve("runs")
                    .resolve(line.candidate().trials().get(1).name());
            assertThat(result.testAccuracy())
                    .isEqualTo(new RunFolder(run).readRun().get("test_accuracy").asDouble());
            assertThat(new RunFolder(run).readRun().get("command").asText()).isEqualTo("a test");
        });
        assertThat(Files.readString(folder.resolve("table.md"))).contains("| phsic | ");
        Heard second = new Heard();
        StudyTable again = TinyStudy.run(folder, ends(Outcome.Kind.FAILED, "not asked."), second, both);
        assertThat(second.lines).containsExactly("4 of 4");
        assertThat(again.text()).isEqualTo(table.text());
    }

    @Test
    void stoppedAnywhereAndGoneOnIsAsLeftAlone() throws IOException {
        Candidate[] both = {candidate("phsic", 1), candidate("backprop", 1)};
        TinyStudy.run(folder.resolve("whole"), new TrialTraining(), new Heard(), both);
        Map<String, String> whole = TinyStudy.bits(folder.resolve("whole"));
        assertThat(whole).hasSizeGreaterThan(10).containsKey("runs.csv");
        for (int steps = 1; steps <= 16; steps += 5) {
            Path place = folder.resolve("stopped" + steps);
            TrialTraining worker = new TrialTraining();
            int stop = steps;
            StudyListener stopping = new StudyListener() {
                private int done;

                @Override
                public void step(Trial trial, int epoch, int step, int all) {
                    done++;
                    if (done == stop) {
                        worker.stop();
                    }
                }
            };
            try (Study study = Study.open(place, "a test", worker, Parallelism.of(1), stopping)) {
                TinyStudy.run(study, both);
                assertThat(study.hasTroubles()).as("of the worker's own").isTrue();
            }
            assertThat(Files.readString(place.resolve("table.md"))).contains("0 of 1");
            StudyTable table = TinyStudy.run(place, new TrialTraining(), new Heard(), both);
            assertThat(table.lines()).allMatch(line -> line.results().get(0).state() == State.FINISHED);
            assertThat(TinyStudy.bits(place)).as("stopped after " + steps).isEqualTo(whole);
        }
    }

    @Test
    void aStudyThatIsStoppedSaysWhatItHas() throws IOException {
        List<Study> opened = new ArrayList<>();
        StudyListener stopping = new StudyListener() {
            @Override
            public void epoch(Trial trial, int epoch, double accuracy) {
                opened.get(0).stop();
            }
        };
        try (Study study = Study.open(folder, "a test", new TrialTraining(), Parallelism.of(1), stopping)) {
            opened.add(study);
            StudyTable table = TinyStudy.run(study, candidate("phsic", 2));
            assertThat(study.isStopped()).isTrue();
            assertThat(study.hasTroubles()).isFalse();
            assertThat(table.lines().get(0).results())
                    .extracting(TrialResult::state)
                    .containsExactly(State.BEGUN, State.WAITING);
            assertThat(table.text()).contains("0 of 2").contains("seed 0 at epoch 1 of 2");
        }
    }

    @Test
    void whatDivergesSaysWhereAndEndsNothing() throws IOException {
        Settings huge = tiny().set(Key.RULE, "phsic").set(Key.LR_LOCAL, "1e30");
        Candidate[] both = {candidate(huge, 2), candidate("readout", 1)};
        Heard heard = new Heard();
        try (Study study = Study.open(folder, "a test", new TrialTraining(), Parallelism.of(1), heard)) {
            StudyTable table = TinyStudy.run(study, both);
            assertThat(study.hasTroubles()).isFalse();
            assertThat(table.text())
                    .containsPattern(
                            "phsic +diverged .* seed 0 diverged in step [0-9]+ \\(.*hidden.*\\); seed 1 diverged")
                    .containsPattern("readout +[0-9.]+ ");
        }
        assertThat(heard.lines).contains("phsic, seed 1 DIVERGED", "readout, seed 0 FINISHED");
        Heard again = new Heard();
        TinyStudy.run(folder, ends(Outcome.Kind.FAILED, "not asked."), again, both);
        assertThat(again.lines).as("another try would end there too").containsExactly("3 of 3");
    }

    @Test
    void whatFailsIsTriedAgain() throws IOException {
        try (Study study = Study.open(
                folder, "a test", ends(Outcome.Kind.FAILED, "The disk is full."), Parallelism.of(1), new Heard())) {
            StudyTable table = TinyStudy.run(study, candidate("readout", 1));
            assertThat(study.hasTroubles()).isTrue();
            assertThat(table.text()).contains("failed").contains("seed 0 failed: The disk is full\n");
        }
        Heard again = new Heard();
        TinyStudy.run(folder, new TrialTraining(), again, candidate("readout", 1));
        assertThat(again.lines).containsExactly("0 of 1", "readout, seed 0 FINISHED");
    }

    @Test
    void aDataSetThatIsMissingIsPassedOverOnce() throws IOException {
        Path empty = Files.createDirectory(folder.resolve("empty"));
        Settings elsewhere = tiny().set(Key.DATASET, "kmnist").set(Key.DATA, empty.toString());
        Candidate[] both = {candidate(elsewhere.with(Key.RULE, "phsic"), 2), candidate("readout", 1)};
        Heard heard = new Heard();
        try (Study study =
                Study.open(folder.resolve("study"), "a test", new TrialTraining(), Parallelism.of(1), heard)) {
            StudyTable table = TinyStudy.run(study, both);
            assertThat(study.hasTroubles()).isTrue();
            assertThat(table.text()).containsPattern("phsic +skipped +0 of 2 .* The files of kmnist are not found");
        }
        assertThat(heard.lines).containsExactly("0 of 3", "skipped kmnist true", "readout, seed 0 FINISHED");
    }

    @Test
    void twoInOneFolderAreRefused() throws IOException {
        try (Study study = Study.open(folder, "a test", new TrialTraining(), Parallelism.of(1), new Heard())) {
            assertThatThrownBy(() ->
                            Study.open(study.folder(), "another", new TrialTraining(), Parallelism.of(1), new Heard()))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessage("The experiment in " + folder + " is being run by process "
                            + ProcessHandle.current().pid() + "; wait until that ends, or stop it.");
        }
        Path file = Files.createFile(folder.resolve("file"));
        assertThatThrownBy(() -> Study.open(file, "a test", new TrialTraining(), Parallelism.of(1), new Heard()))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("is a file");
    }

    @Test
    void severalAtOnceShareThreads() throws IOException {
        CyclicBarrier together = new CyclicBarrier(2);
        List<String> threads = new ArrayList<>();
        TrialWorker worker = new TrialWorker() {
            @Override
            public Outcome train(Trial trial, Path run, String command, Listener listener) throws IOException {
                try {
                    together.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
                } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
                    throw new IOException("alone", e);
                }
                synchronized (threads) {
                    threads.add(trial.settings().text(Key.THREADS));
                }
                return new Outcome(Outcome.Kind.STOPPED, "");
            }

            @Override
            public void stop() {
                // Nothing runs.
            }
        };
        Settings given = tiny().set(Key.RULE, "phsic");
        int own = Runtime.getRuntime().availableProcessors();
        try (Study study = Study.open(folder, "a test", worker, Parallelism.of(2), new Heard())) {
            TinyStudy.run(study, candidate(given.with(Key.LR_LOCAL, "0.1"), 1), candidate("readout", 1));
        }
        assertThat(threads).as("one, since the reference has one").containsExactly("1", "1");
        threads.clear();
        try (Study study = Study.open(folder, "a test", worker, Parallelism.of(2), new Heard())) {
            TinyStudy.run(study, candidate(given.with(Key.THREADS, "" + own), 2));
        }
        assertThat(threads).containsExactly("" + own, "" + own);
    }

    @Test
    void whatMemoryDoesNotHoldBesideOthersWaits() throws IOException {
        AtomicInteger running = new AtomicInteger();
        List<Integer> together = new ArrayList<>();
        CountDownLatch noted = new CountDownLatch(1);
        TrialWorker worker = new TrialWorker() {
            @Override
            public Outcome train(Trial trial, Path run, String command, Listener listener) throws IOException {
                synchronized (together) {
                    together.add(running.incrementAndGet());
                }
                try {
                    assertThat(noted.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
                } catch (InterruptedException e) {
                    throw new IOException("stopped", e);
                }
                running.decrementAndGet();
                return new Outcome(Outcome.Kind.STOPPED, "");
            }

            @Override
            public void stop() {
                // Nothing runs.
            }
        };
        List<String> said = new ArrayList<>();
        StudyListener listener = new StudyListener() {
            @Override
            public void say(String line) {
                said.add(line);
                noted.countDown();
            }
        };
        // Of weights alone each has more than half of any machine's memory.
        Settings large = tiny().set(Key.RULE, "phsic").set(Key.GROUPS, "0").set(Key.LAYERS, "4000000,1000000");
        try (Study study = Study.open(folder, "a test", worker, Parallelism.of(3), listener)) {
            TinyStudy.run(study, candidate(large, 3));
        }
        assertThat(together).containsExactly(1, 1, 1);
        assertThat(said).containsOnlyOnce("Note: memory does not hold 3 trainings at once; some wait.");
    }

    @Test
    void aBrokenWorkerEndsTheStudy() throws IOException {
        TrialWorker broken = new TrialWorker() {
            @Override
            public Outcome train(Trial trial, Path run, String command, Listener listener) throws IOException {
                throw new IOException("no Java");
            }

            @Override
            public void stop() {
                // Nothing runs.
            }
        };
        try (Study study = Study.open(folder, "a test", broken, Parallelism.of(2), new Heard())) {
            assertThatThrownBy(() -> TinyStudy.run(study, candidate("phsic", 3)))
                    .isInstanceOf(IOException.class)
                    .hasMessage("no Java");
        }
    }

    /** Where the schedule does not depend on the number of epochs, more of them go on, and fewer are found. */
    @Test
    void epochsGoOnInTheSameFolder() throws IOException {
        Settings given = tiny().set(Key.RULE, "readout");
        StudyTable two = TinyStudy.run(folder, new TrialTraining(), new Heard(), candidate(given, 1));
        Settings more = given.with(Key.EPOCHS, "3");
        StudyTable three = TinyStudy.run(folder, new TrialTraining(), new Heard(), candidate(more, 1));
        assertThat(three.lines().get(0).results().get(0).epochs()).isEqualTo(3);
        try (Stream<Path> runs = Files.list(folder.resolve("runs"))) {
            assertThat(runs).hasSize(1);
        }
        StudyTable again =
                TinyStudy.run(folder, ends(Outcome.Kind.FAILED, "not asked."), new Heard(), candidate(given, 1));
        assertThat(again.text()).isEqualTo(two.text());
        assertThat(candidate(given.with(Key.SCHEDULE, "cosine"), 1)
                        .trials()
                        .get(0)
                        .name())
                .isNotEqualTo(candidate(more.with(Key.SCHEDULE, "cosine"), 1)
                        .trials()
                        .get(0)
                        .name());
    }

    @Test
    void aFolderIsNamedByWhatDecidesTheBits() throws IOException {
        Settings given = tiny().set(Key.RULE, "backprop");
        String name = candidate(given, 1).trials().get(0).name();
        assertThat(name).matches("mlp-mnist-seed-0-[0-9a-f]{10}");
        Map<Key, String> same = Map.of(Key.THREADS, "1", Key.CHECKPOINT_STEPS, "9", Key.LR_LOCAL, "3", Key.GAMMA, "1");
        same.forEach((key, value) -> assertThat(
                        candidate(given.with(key, value), 1).trials().get(0).name())
                .as(key.title())
                .isEqualTo(name));
        Map<Key, String> other = Map.of(
                Key.LR_READOUT,
                "3",
                Key.SEED,
                "1",
                Key.LAYERS,
                "8",
                Key.BATCH,
                "20",
                Key.PRECISION,
                "bf16",
                Key.RULE,
                "phsic");
        other.forEach((key, value) -> assertThat(
                        candidate(given.with(key, value), 1).trials().get(0).name())
                .as(key.title())
                .isNotEqualTo(name));
    }

    @Test
    void comparedRunsHaveOneRule() {
        assertThatThrownBy(() -> candidate("phsic,readout", 1))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("one rule each");
    }
}
