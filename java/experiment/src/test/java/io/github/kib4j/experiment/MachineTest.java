package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The system's files, imitated: the least of the machine's memory and every control group's is what there is. */
final class MachineTest {
    private static final long KILO = 1024;

    @TempDir
    Path root;

    private void write(String file, String text) throws IOException {
        Files.createDirectories(root.resolve(file).getParent());
        Files.writeString(root.resolve(file), text);
    }

    @BeforeEach
    void machine() throws IOException {
        write("proc/meminfo", "MemTotal:  9000 kB\nMemFree:  10 kB\nMemAvailable:    5000 kB\n");
        write("proc/self/status", "Name:\tjava\nVmRSS:\t     700 kB\n");
    }

    private long available() {
        return new Machine(root).availableMemory().orElseThrow();
    }

    @Test
    void theMachinesMemoryWithoutGroups() {
        assertThat(available()).isEqualTo(5700 * KILO);
    }

    @Test
    void groupsOfVersion2LimitAlsoFromAbove() throws IOException {
        write("proc/self/cgroup", "0::/a/b\n");
        write("sys/fs/cgroup/a/memory.max", Long.toString(4000 * KILO));
        write("sys/fs/cgroup/a/memory.current", Long.toString(3000 * KILO));
        write("sys/fs/cgroup/a/memory.stat", "anon 5\ninactive_file " + 500 * KILO + "\n");
        write("sys/fs/cgroup/a/b/memory.max", "max\n");
        write("sys/fs/cgroup/a/b/memory.current", "1\n");
        assertThat(available()).isEqualTo((4000 - 3000 + 500 + 700) * KILO);
    }

    @Test
    void groupsOfVersion1Limit() throws IOException {
        write("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/job\n0::/\n");
        write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", Long.toString(1000 * KILO));
        write("sys/fs/cgroup/memory/job/memory.usage_in_bytes", Long.toString(1200 * KILO));
        assertThat(available()).as("what the process has stays its own").isEqualTo(700 * KILO);
        write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "9223372036854771712\n");
        assertThat(available()).as("no limit").isEqualTo(5700 * KILO);
    }

    @Test
    void aSystemThatDoesNotTell() throws IOException {
        Files.delete(root.resolve("proc/meminfo"));
        assertThat(new Machine(root).availableMemory()).isEmpty();
        assertThat(new Machine(Path.of("/")).availableMemory().orElseThrow()).isPositive();
    }
}
