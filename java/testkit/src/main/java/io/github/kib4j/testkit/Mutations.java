package io.github.kib4j.testkit;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/**
 * Damaged variants of good files, for readers: bytes changed, inserted, dropped, doubled, cut, or taken from another file. What
 * a coverage-guided fuzzer finds is kept as its seeds; this loop needs no fuzzer and runs in every build.
 */
public final class Mutations {
    private static final int[] TELLING = {0, 1, 0x7f, 0x80, 0xff, '"', '{', '[', '\n', '9', '-'};
    private static final int SHOWN = 2000;

    private Mutations() {}

    /** A reader under test. */
    @FunctionalInterface
    public interface Target {
        /**
         * Reads a file's bytes.
         *
         * @param bytes of a damaged file
         * @throws Exception whatever the reader must not let out
         */
        void read(byte[] bytes) throws Exception;
    }

    /**
     * Reads variants of these files for some time. The seed is printed; {@code -Dkib.mutations.seed=N} repeats a run.
     *
     * @param files good ones
     * @param milliseconds for how long; each file is read at least once
     * @param target what reads them
     * @return how many were read
     * @throws AssertionError if the target throws; it names the seed and shows the bytes
     */
    public static int read(List<byte[]> files, int milliseconds, Target target) {
        long seed = Long.getLong("kib.mutations.seed", System.nanoTime());
        System.out.println("mutations: -Dkib.mutations.seed=" + seed);
        Random random = new Random(seed);
        long end = System.nanoTime() + milliseconds * 1_000_000L;
        int count = 0;
        while (System.nanoTime() < end || count < files.size()) {
            byte[] bytes = mutate(files.get(count % files.size()), files, random);
            try {
                target.read(bytes);
            } catch (Throwable e) {
                byte[] shown = Arrays.copyOf(bytes, Math.min(bytes.length, SHOWN));
                throw new AssertionError(
                        "variant " + count + " of seed " + seed + " (" + bytes.length + " bytes): "
                                + HexFormat.of().formatHex(shown),
                        e);
            }
            count++;
        }
        return count;
    }

    private static byte[] mutate(byte[] file, List<byte[]> files, Random random) {
        byte[] bytes = file;
        for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
            bytes = change(bytes, files, random);
        }
        return bytes;
    }

    private static byte[] change(byte[] bytes, List<byte[]> files, Random random) {
        int at = random.nextInt(bytes.length + 1);
        int length = Math.min(1 + random.nextInt(1 + random.nextInt(16)), bytes.length - at);
        return switch (random.nextInt(7)) {
            case 0 -> Arrays.copyOf(bytes, at);
            case 1 -> splice(bytes, at, at + length, new byte[0]);
            case 2 -> splice(bytes, at, at, Arrays.copyOfRange(bytes, at, at + length));
            case 3 -> splice(bytes, at, at + length, noise(length, random));
            case 4 ->
                splice(bytes, at, at + Math.min(length, 1), new byte[] {(byte) TELLING[random.nextInt(TELLING.length)]
                });
            case 5 -> splice(bytes, at, at, noise(1 + random.nextInt(8), random));
            default -> {
                byte[] other = files.get(random.nextInt(files.size()));
                int from = random.nextInt(other.length + 1);
                yield splice(
                        bytes, at, at + length, Arrays.copyOfRange(other, from, Math.min(from + 16, other.length)));
            }
        };
    }

    private static byte[] noise(int length, Random random) {
        byte[] noise = new byte[length];
        random.nextBytes(noise);
        return noise;
    }

    private static byte[] splice(byte[] bytes, int from, int to, byte[] middle) {
        byte[] result = Arrays.copyOf(bytes, from + middle.length + bytes.length - to);
        System.arraycopy(middle, 0, result, from, middle.length);
        System.arraycopy(bytes, to, result, from + middle.length, bytes.length - to);
        return result;
    }
}
