package io.github.kib4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trainings on a disk that is full or read-only lose nothing, and go on when it no longer is. */
final class FailingDiskTest {
    private static final String RUNS = "40";
    private static final int CANNOT_MOUNT = 77;

    @TempDir
    Path folder;

    @Test
    void aFullOrReadOnlyDiskLosesNothing() throws Exception {
        long seed = Long.getLong("kib.seed", System.nanoTime());
        Path disk = Files.createDirectories(folder.resolve("disk"));
        List<String> command = new ArrayList<>(List.of(
                "unshare",
                "--user",
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                "mount -t tmpfs -o size=1m kib4j-test \"$0\" || exit " + CANNOT_MOUNT + "; exec \"$@\"",
                disk.toString()));
        command.addAll(Child.java());
        command.addAll(List.of(
                FailingDisk.class.getName(),
                folder.resolve("data").toString(),
                disk.toString(),
                Long.toString(seed),
                RUNS));
        Path log = folder.resolve("log");
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
        } catch (java.io.IOException e) {
            process = null;
        }
        assumeTrue(process != null, "Skipped: there is no unshare (Debian: util-linux) to mount a small disk with.");
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        String said = Files.readString(log);
        boolean refused = said.startsWith("unshare: ") || process.exitValue() == CANNOT_MOUNT;
        assumeTrue(!refused, "Skipped: this system lets nobody mount a small disk in a namespace: " + said);
        assertThat(process.exitValue()).as("seed " + seed + "\n" + said).isZero();
        System.out.println(said.strip());
    }
}
