package io.github.kib4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Kills real trainings at random moments of their lives, from Java's start to the last file, and goes on with them: every
 * one ends with the bits of a training that was left alone. {@code -Dkib.kills=N} (200) and {@code -Dkib.seed=N} choose.
 */
final class KillTest {
    private static final int TRAININGS_AT_ONCE = 2;

    private final long seed = Long.getLong("kib.seed", System.nanoTime());

    @TempDir
    Path folder;

    /** One rule with most kills, and two rules, of which each has a folder in the run's, with some. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"phsic|0.8", "phsic,readout|0.2"})
    void killedAtAnyMomentATrainingEndsWithTheSameBits(String rules, double part) throws Exception {
        TinyTraining training = new TinyTraining(folder.resolve("data"), rules);
        Path whole = folder.resolve("whole");
        long life = uninterrupted(training, whole);
        int wanted = (int) Math.ceil(Integer.getInteger("kib.kills", 200) * part / TRAININGS_AT_ONCE);
        SplittableRandom random = new SplittableRandom(seed);
        List<Killer> killers = new ArrayList<>();
        for (int i = 0; i < TRAININGS_AT_ONCE; i++) {
            killers.add(new Killer(
                    training, folder.resolve("killed" + i), TinyTraining.result(whole), wanted, life, random.split()));
        }
        inParallel(killers);
        System.out.println(killers.stream().mapToInt(k -> k.kills).sum() + " kills in "
                + killers.stream().mapToInt(k -> k.runs).sum() + " runs, "
                + killers.stream().mapToInt(k -> k.beforeTheRun).sum() + " before the run's folder was whole, "
                + killers.stream().mapToInt(k -> k.whileSaving).sum() + " while saving; seed " + seed + ", life "
                + life / 1_000_000 + " ms");
    }

    private long uninterrupted(TinyTraining training, Path out) throws Exception {
        long started = System.nanoTime();
        try (Child child = new Child(folder.resolve("err"), training.begin(out))) {
            assertThat(child.code()).as(child.said()).isZero();
        }
        return System.nanoTime() - started;
    }

    private void inParallel(List<Killer> killers) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(killers.size());
        try {
            for (Future<Void> killer : threads.invokeAll(killers)) {
                killer.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** Kills trainings, one after the other, until it has killed as often as it should. */
    private final class Killer implements Callable<Void> {
        private final TinyTraining training;
        private final Path place;
        private final Map<String, String> expected;
        private final int wanted;
        private final long life;
        private final SplittableRandom random;
        private int kills;
        private int runs;
        private int beforeTheRun;
        private int whileSaving;

        Killer(
                TinyTraining training,
                Path place,
                Map<String, String> expected,
                int wanted,
                long life,
                SplittableRandom random)
                throws IOException {
            this.training = training;
            this.place = Files.createDirectory(place);
            this.expected = expected;
            this.wanted = wanted;
            this.life = life;
            this.random = random;
        }

        @Override
        public Void call() throws Exception {
            for (; kills < wanted; runs++) {
                Path out = place.resolve("run" + runs);
                interrupt(out);
                assertThat(TinyTraining.result(out)).as("seed " + seed).isEqualTo(expected);
            }
            return null;
        }

        private void interrupt(Path out) throws Exception {
            boolean ended = false;
            while (!ended) {
                try (Child child = new Child(place.resolve("err"), training.goOn(out))) {
                    ended = child.endsWithin(random.nextLong(life)) || kills == wanted;
                    if (ended) {
                        assertThat(child.code()).as(child.said() + "seed " + seed).isZero();
                    } else {
                        child.kill();
                        kills++;
                        count(out);
                    }
                }
            }
        }

        private void count(Path out) throws IOException {
            beforeTheRun += Files.exists(out.resolve("config.toml")) ? 0 : 1;
            if (Files.exists(out)) {
                try (Stream<Path> files = Files.walk(out)) {
                    whileSaving += files.anyMatch(file -> file.toString().matches(".*\\.(new|old)")) ? 1 : 0;
                }
            }
        }
    }
}
