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
        int wanted = (int) Math.ceil(Integer.getInteger("kib.kills", 200) * part / TRAININGS_AT_ONCE);
        SplittableRandom random = new SplittableRandom(seed);
        List<Killer> killers = new ArrayList<>();
        for (int i = 0; i < TRAININGS_AT_ONCE; i++) {
            killers.add(new Killer(training, folder.resolve("killed" + i), wanted, random.split()));
        }
        inParallel(killers);
        killers.forEach(System.out::println);
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

    /** Leaves one training alone, then kills others, one after the other, until it has killed as often as it should. */
    private final class Killer implements Callable<Void> {
        private final TinyTraining training;
        private final Path place;
        private final int wanted;
        private final SplittableRandom random;
        private long life;
        private int kills;
        private int runs;
        private int beforeTheRun;
        private int whileSaving;

        Killer(TinyTraining training, Path place, int wanted, SplittableRandom random) throws IOException {
            this.training = training;
            this.place = Files.createDirectory(place);
            this.wanted = wanted;
            this.random = random;
        }

        @Override
        public Void call() throws Exception {
            Path whole = place.resolve("whole");
            long started = System.nanoTime();
            try (Child child = new Child(place.resolve("err"), training.begin(whole))) {
                assertThat(child.code()).as(child.said()).isZero();
            }
            life = System.nanoTime() - started;
            Map<String, String> expected = TinyTraining.result(whole);
            for (; kills < wanted; runs++) {
                Path out = place.resolve("run" + runs);
                interrupt(out);
                assertThat(TinyTraining.result(out)).as("seed " + seed).isEqualTo(expected);
            }
            return null;
        }

        @Override
        public String toString() {
            return kills + " kills in " + runs + " runs, " + beforeTheRun + " before the run's folder was whole, "
                    + whileSaving + " while saving; seed " + seed + ", life " + life / 1_000_000 + " ms";
        }

        private void interrupt(Path out) throws Exception {
            boolean ended = false;
            while (!ended) {
                try (Child child = new Child(place.resolve("err"), training.goOn(out))) {
                    ended = child.endsWithin(random.nextLong(life)) || kills == wanted;
                    if (ended) {
                        assertThat(child.code())
                                .as(child.said() + "seed " + seed)
                                .isZero();
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
