package io.github.kib4j.datasets;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Writes PNG files of every colour type and depth, which Java's own writer does not. */
final class PngWriter {
    static final int GREY = 0;
    static final int RGB = 2;
    static final int PALETTE = 3;
    static final int GREY_ALPHA = 4;
    static final int RGB_ALPHA = 6;

    /** First column and row of each pass of an interlaced image, and the steps between its pixels. */
    private static final int[][] PASSES = {
        {0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}
    };

    private final int width;
    private final int height;
    private final int type;
    private final int depth;
    private final boolean interlaced;
    private final ByteArrayOutputStream chunks = new ByteArrayOutputStream();

    PngWriter(int width, int height, int type, int depth, boolean interlaced) {
        this.width = width;
        this.height = height;
        this.type = type;
        this.depth = depth;
        this.interlaced = interlaced;
    }

    static int channels(int type) {
        return switch (type) {
            case RGB -> 3;
            case GREY_ALPHA -> 2;
            case RGB_ALPHA -> 4;
            default -> 1;
        };
    }

    /** Adds a chunk before the pixels. */
    PngWriter with(String kind, byte[] content) {
        chunk(chunks, kind, content);
        return this;
    }

    /** Returns the file. */
    byte[] bytes(int[][] samples) {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
        chunk(
                file,
                "IHDR",
                ByteBuffer.allocate(13)
                        .putInt(width)
                        .putInt(height)
                        .put((byte) depth)
                        .put((byte) type)
                        .put(new byte[] {0, 0, (byte) (interlaced ? 1 : 0)})
                        .array());
        file.writeBytes(chunks.toByteArray());
        byte[] zipped = zip(rows(samples));
        int half = zipped.length / 2;
        chunk(file, "IDAT", java.util.Arrays.copyOf(zipped, half));
        chunk(file, "IDAT", java.util.Arrays.copyOfRange(zipped, half, zipped.length));
        chunk(file, "IEND", new byte[0]);
        return file.toByteArray();
    }

    static byte[] zip(byte[] content) {
        Deflater deflater = new Deflater();
        deflater.setInput(content);
        deflater.finish();
        byte[] zipped = new byte[content.length + 64];
        int length = deflater.deflate(zipped);
        deflater.end();
        return java.util.Arrays.copyOf(zipped, length);
    }

    private static void chunk(ByteArrayOutputStream file, String kind, byte[] content) {
        ByteBuffer chunk = ByteBuffer.allocate(12 + content.length).putInt(content.length);
        chunk.put(kind.getBytes(StandardCharsets.ISO_8859_1)).put(content);
        CRC32 checksum = new CRC32();
        checksum.update(chunk.array(), 4, 4 + content.length);
        file.writeBytes(chunk.putInt((int) checksum.getValue()).array());
    }

    private byte[] rows(int[][] samples) {
        ByteArrayOutputStream rows = new ByteArrayOutputStream();
        for (int[] pass : interlaced ? PASSES : new int[][] {{0, 0, 1, 1}}) {
            for (int y = pass[1]; pass[0] < width && y < height; y += pass[3]) {
                rows.write(0); // no filter
                row(rows, samples, y, pass[0], pass[2]);
            }
        }
        return rows.toByteArray();
    }

    private void row(ByteArrayOutputStream rows, int[][] samples, int y, int first, int step) {
        long bits = 0;
        int filled = 0;
        for (int x = first; x < width; x += step) {
            for (int sample : samples[y * width + x]) {
                bits = bits << depth | sample;
                for (filled += depth; filled >= 8; filled -= 8) {
                    rows.write((int) (bits >> (filled - 8)));
                }
            }
        }
        if (filled > 0) {
            rows.write((int) (bits << (8 - filled)));
        }
    }
}
