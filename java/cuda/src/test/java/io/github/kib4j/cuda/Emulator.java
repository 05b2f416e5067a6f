package io.github.kib4j.cuda;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/** The emulated device's own interface, {@code kib/emulator.h}. */
final class Emulator {
    /** Where the emulated device was built. */
    static final Path FOLDER = Path.of(System.getProperty("kib4j.emulator", "../../native/emulator/target/cmake"));

    private static final Path LIBRARY = FOLDER.resolve("lib/libkib_emulator_java.so");

    private Emulator() {}

    static boolean isBuilt() {
        return Files.exists(LIBRARY);
    }

    static void load() {
        System.load(LIBRARY.toAbsolutePath().toString());
    }

    /** The findings since the last call or {@link #reset}, each one sentence. */
    static List<String> takeFindings() {
        List<String> sentences = new ArrayList<>();
        for (long i = 0; i < reportCount(); i++) {
            sentences.add(new BytePointer(new Address(report(i))).getString());
        }
        clear();
        return sentences;
    }

    /** The ranges that a profiler was told of since the last call: the name of each that began, and an empty one where one ended. */
    static List<String> takeRanges() {
        List<String> names = new ArrayList<>();
        for (long i = 0; i < rangeCount(); i++) {
            names.add(new BytePointer(new Address(range(i))).getString());
        }
        clearRanges();
        return names;
    }

    /**
     * How often something was done.
     *
     * @param calls of the runtime's functions, by their names
     * @param work what these, and the libraries, put on streams or into graphs: kernels by their names, all else by the function
     */
    record Counts(Map<String, Integer> calls, Map<String, Integer> work) {}

    /** What was done since the last call. */
    static Counts takeCounts() {
        Counts counts = new Counts(counts(calls()), counts(work()));
        resetCalls();
        return counts;
    }

    private static Map<String, Integer> counts(long lines) {
        return new BytePointer(new Address(lines))
                .getString()
                .lines()
                .map(line -> line.split("\t"))
                .collect(Collectors.toMap(fields -> fields[0], fields -> Integer.valueOf(fields[1])));
    }

    /** Bytes of device memory that are allocated. */
    static native long usedBytes();

    /** From now on another process holds that much of the device's memory. */
    static native void take(long bytes);

    /** From now on these functions of CUDA's fail as where no memory is left. */
    static void letFindNoMemory(String... functions) {
        try (BytePointer names = new BytePointer(String.join(",", functions))) {
            letFindNoMemory(names.address());
        }
    }

    private static native void letFindNoMemory(long functions);

    /** Drops enqueued work, findings, a fault and any want of memory; streams run in the order of the seed from here on. */
    static native void reset(long seed);

    private static native long reportCount();

    private static native long report(long i);

    private static native void clear();

    private static native long calls();

    private static native long work();

    private static native void resetCalls();

    private static native long rangeCount();

    private static native long range(long i);

    private static native void clearRanges();

    /** A pointer to an address. */
    static final class Address extends Pointer {
        Address(long address) {
            this.address = address;
        }
    }
}
