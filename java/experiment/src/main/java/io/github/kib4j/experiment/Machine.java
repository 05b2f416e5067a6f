package io.github.kib4j.experiment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.train.Version;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What computes: the processor, and how much memory this process can have of the machine's and its control groups' (versions 1
 * and 2).
 *
 * @param root below which the system's files are; {@code /} for the real ones
 */
public record Machine(Path root) {
    /** {@return the bytes this process has and can still get; empty where the system does not tell} */
    public OptionalLong availableMemory() {
        OptionalLong machine = field("proc/meminfo", "MemAvailable:");
        if (machine.isEmpty()) {
            return OptionalLong.empty();
        }
        long own = field("proc/self/status", "VmRSS:").orElse(0);
        return OptionalLong.of(Math.min(machine.getAsLong(), leftInGroups()) + own);
    }

    private long leftInGroups() {
        long left = Long.MAX_VALUE;
        for (String line : lines("proc/self/cgroup")) {
            String[] parts = line.split(":", 3);
            if (parts.length == 3 && parts[1].isEmpty()) {
                left = Math.min(left, left("sys/fs/cgroup", parts[2], "memory.max", "memory.current", "inactive_file"));
            } else if (parts.length == 3 && List.of(parts[1].split(",")).contains("memory")) {
                left = Math.min(
                        left,
                        left(
                                "sys/fs/cgroup/memory",
                                parts[2],
                                "memory.limit_in_bytes",
                                "memory.usage_in_bytes",
                                "total_inactive_file"));
            }
        }
        return left;
    }

    /** Returns what the group and those above it leave; in a container the group's own folder may be the mount itself. */
    private long left(String mount, String group, String limitFile, String usageFile, String reclaimable) {
        long left = Long.MAX_VALUE;
        Path top = root.resolve(mount);
        Path own = top.resolve(group.substring(Math.min(1, group.length()))).normalize();
        for (Path folder = own; folder != null && folder.startsWith(top); folder = folder.getParent()) {
            OptionalLong limit = number(folder.resolve(limitFile));
            OptionalLong usage = number(folder.resolve(usageFile));
            if (limit.isPresent() && usage.isPresent()) {
                long cache = field(
                                root.relativize(folder.resolve("memory.stat")).toString(), reclaimable)
                        .orElse(0);
                left = Math.min(left, Math.max(0, limit.getAsLong() - Math.max(0, usage.getAsLong() - cache)));
            }
        }
        return left;
    }

    private static OptionalLong number(Path file) {
        try {
            String text = Files.readString(file).strip();
            return text.matches("[0-9]{1,18}") ? OptionalLong.of(Long.parseLong(text)) : OptionalLong.empty();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    private OptionalLong field(String file, String name) {
        for (String line : lines(file)) {
            String[] words = line.strip().split("\\s+");
            if (words.length >= 2 && words[0].equals(name) && words[1].matches("[0-9]{1,15}")) {
                long unit = words.length > 2 && words[2].equals("kB") ? 1024 : 1;
                return OptionalLong.of(unit * Long.parseLong(words[1]));
            }
        }
        return OptionalLong.empty();
    }

    private List<String> lines(String file) {
        try {
            return Files.readAllLines(root.resolve(file), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Returns the most memory this process has had, in bytes; 0 where the system does not tell. */
    long peakMemory() {
        return field("proc/self/status", "VmHWM:").orElse(0);
    }

    /** Puts version, commit, Java, host, processor and number of processors. */
    ObjectNode describe(ObjectNode into) {
        return into.put("version", Version.NUMBER)
                .put("commit", Version.COMMIT)
                .put("java", System.getProperty("java.version"))
                .put("host", firstLine("proc/sys/kernel/hostname", "").orElse("unknown"))
                .put("processor", processor())
                .put("processors", Runtime.getRuntime().availableProcessors());
    }

    private String processor() {
        return firstLine("proc/cpuinfo", "model name")
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .orElse(System.getProperty("os.arch", "unknown"));
    }

    private Optional<String> firstLine(String file, String start) {
        return lines(file).stream().filter(line -> line.startsWith(start)).findFirst();
    }
}
