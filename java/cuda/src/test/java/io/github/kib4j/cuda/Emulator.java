package io.github.kib4j.cuda;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

    /** Bytes of device memory that are allocated. */
    static native long usedBytes();

    /** Drops enqueued work, findings and a fault; streams run in the order of the seed from here on. */
    static native void reset(long seed);

    private static native long reportCount();

    private static native long report(long i);

    private static native void clear();

    /** A pointer to an address. */
    static final class Address extends Pointer {
        Address(long address) {
            this.address = address;
        }
    }
}
