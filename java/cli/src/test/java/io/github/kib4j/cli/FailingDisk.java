package io.github.kib4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.checkpoint.Checkpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** What {@link FailingDiskTest} runs on a small disk of its own, in a process of its own. */
final class FailingDisk {
    private static final int PAGE = 4096;

    private final SplittableRandom random;
    private final Path disk;
    private final Path ballast;
    private final TinyTraining training;
    private Map<String, String> expected = Map.of();
    private int stopped;

    private FailingDisk(Path data, Path disk, long seed) throws IOException {
        this.disk = disk;
        ballast = disk.resolve("ballast");
        training = new TinyTraining(data, "phsic");
        random = new SplittableRandom(seed);
    }

    /** Arguments: folder for data, folder of the disk, seed, how many runs meet a full disk. */
    public static void main(String[] arguments) throws Exception {
        FailingDisk test = new FailingDisk(Path.of(arguments[0]), Path.of(arguments[1]), Long.parseLong(arguments[2]));
        Path whole = test.disk.resolve("whole");
        assertThat(kib(test.training.begin(whole))).isEqualTo("0: ");
        test.expected = TinyTraining.result(whole);
        int runs = Integer.parseInt(arguments[3]);
        for (int i = 0; i < runs; i++) {
            Path out = test.disk.resolve("run" + i);
            test.meetsAFullDisk(out, i % 2 == 0);
            deleteAll(out);
        }
        assertThat(test.stopped).as("runs that the full disk stopped").isGreaterThan(runs / 3);
        test.readOnly();
        System.out.println(runs + " runs, " + test.stopped + " stopped by the full disk, seed " + arguments[2]);
    }

    /** Returns the exit code and the complaints. */
    private static String kib(List<String> arguments) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Kib.run(
                arguments.toArray(new String[0]),
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        List<String> complaints = err.toString(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.startsWith("kib: "))
                .toList();
        return code + ": " + String.join("\n", complaints);
    }

    /** The disk is nearly full from the start, or fills up at some moment of the training. */
    private void meetsAFullDisk(Path out, boolean fromTheStart) throws Exception {
        long room = random.nextLong(4 * sizeOfCheckpoint());
        Thread filling = new Thread(() -> fill(room, fromTheStart ? 0 : random.nextLong(60)));
        filling.start();
        if (fromTheStart) {
            filling.join();
        }
        String said = kib(training.begin(out));
        filling.join();
        if (!said.equals("0: ")) {
            stopped++;
            assertThat(said)
                    .startsWith("1: kib: ")
                    .contains("No space left on device")
                    .doesNotContain("\n");
            if (Files.exists(out.resolve("config.toml"))) {
                assertThat(Checkpoint.exists(out.resolve("checkpoint"))).isTrue();
                assertThat(kib(List.of("eval", out.toString()))).isEqualTo("0: ");
            }
        }
        Files.delete(ballast);
        assertThat(kib(training.goOn(out))).isEqualTo("0: ");
        assertThat(TinyTraining.result(out)).isEqualTo(expected);
    }

    private long sizeOfCheckpoint() throws IOException {
        long size = 3 * PAGE;
        try (var files = Files.list(disk.resolve("whole/checkpoint/step-" + TinyTraining.STEPS))) {
            for (Path file : files.toList()) {
                size += Files.size(file);
            }
        }
        return size;
    }

    private void fill(long room, long afterMilliseconds) {
        try {
            Thread.sleep(afterMilliseconds);
            long bytes = Math.max(0, disk.toFile().getUsableSpace() - room);
            try (var out = Files.newOutputStream(ballast)) {
                for (long written = 0; written < bytes; written += PAGE) {
                    out.write(new byte[PAGE]);
                }
            } catch (IOException e) {
                // The training took the room meanwhile: full is full.
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void readOnly() throws Exception {
        Path out = disk.resolve("half");
        Path whole = disk.resolve("whole");
        stopHalfWay(out);
        remount("ro");
        assertThat(kib(training.goOn(out))).startsWith("1: kib: ").contains("Read-only file system");
        assertThat(kib(training.begin(disk.resolve("new")))).startsWith("1: kib: ");
        assertThat(kib(List.of("eval", out.toString()))).isEqualTo("0: ");
        assertThat(kib(training.goOn(whole))).as("finished").isEqualTo("0: ");
        remount("rw");
        assertThat(kib(training.goOn(out))).isEqualTo("0: ");
        assertThat(TinyTraining.result(out)).isEqualTo(expected);
        assertThat(TinyTraining.result(whole)).isEqualTo(expected);
    }

    /** Leaves a run as a full disk stops it, and makes room again. */
    private void stopHalfWay(Path out) throws Exception {
        deleteAll(out);
        for (int tries = 0; !Checkpoint.exists(out.resolve("checkpoint")); tries++) {
            assertThat(tries).isLessThan(20);
            deleteAll(out);
            fill((tries % 4 + 2) * sizeOfCheckpoint(), 0);
            kib(training.begin(out));
            Files.delete(ballast);
        }
    }

    private void remount(String how) throws Exception {
        Process mount = new ProcessBuilder("mount", "-o", "remount," + how, disk.toString())
                .inheritIO()
                .start();
        assertThat(mount.waitFor()).isZero();
    }

    private static void deleteAll(Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (var files = Files.walk(directory)) {
                for (Path file :
                        files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
