package io.github.kib4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Kills real trainings at random moments of their lives, from Java's start to the last file, and goes on with them: every
 * one ends with the bits of a training that was left alone. {@code -Dkib.kills=N} and {@code -Dkib.seed=N} choose.
 */
final class KillTest {
    private final long seed = Long.getLong("kib.seed", System.nanoTime());
    private final SplittableRandom random = new SplittableRandom(seed);

    @TempDir
    Path folder;

    private TinyTraining training;
    private int wanted;
    private long life;
    private int kills;
    private int beforeTheRun;
    private int whileSaving;

    /** One rule with all kills, and two rules, of which each has a folder in the run's, with some. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"phsic|1", "phsic,readout|5"})
    void killedAtAnyMomentATrainingEndsWithTheSameBits(String rules, int part) throws Exception {
        wanted = Math.max(1, Integer.getInteger("kib.kills", 40) / part);
        training = new TinyTraining(folder.resolve("data"), rules);
        Path whole = folder.resolve("whole");
        uninterrupted(whole);
        Map<String, String> expected = TinyTraining.result(whole);
        int runs = 0;
        for (; kills < wanted; runs++) {
            Path out = folder.resolve("run" + runs);
            interrupted(out);
            assertThat(TinyTraining.result(out)).as("seed " + seed).isEqualTo(expected);
        }
        System.out.println(
                kills + " kills in " + runs + " runs, " + beforeTheRun + " before the run's folder was whole, "
                        + whileSaving + " while saving; seed " + seed + ", life " + life / 1_000_000 + " ms");
    }

    private void uninterrupted(Path out) throws Exception {
        long started = System.nanoTime();
        try (Child child = new Child(folder.resolve("err"), training.begin(out))) {
            assertThat(child.code()).as(child.said()).isZero();
        }
        life = System.nanoTime() - started;
    }

    private void interrupted(Path out) throws Exception {
        boolean ended = false;
        while (!ended) {
            try (Child child = new Child(folder.resolve("err"), training.goOn(out))) {
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
