package io.github.kib4j.experiment.report;

import io.github.kib4j.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * A picture of 8 bits a channel, red, green, blue and opacity.
 *
 * @param width in pixels
 * @param height in pixels
 * @param pixels {@code 0xAARRGGBB}, row by row
 */
@SuppressWarnings("ArrayRecordComponent") // handed from who paints to who writes
record Picture(int width, int height, int[] pixels) {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    private static final int OPAQUE = 0xFF000000;

    /** Returns a picture of which every pixel can be seen through. */
    static Picture empty(int width, int height) {
        return new Picture(width, height, new int[Math.multiplyExact(width, height)]);
    }

    /** Returns an image of a data set: of one channel grey, of three or more by the first three. */
    static Picture of(byte[] images, int index, Shape shape) {
        int positions = shape.extent(1) * shape.extent(2);
        int first = Math.toIntExact(index * shape.size());
        int second = shape.extent(0) < 3 ? 0 : positions;
        Picture picture = empty(shape.extent(2), shape.extent(1));
        for (int i = 0; i < positions; i++) {
            picture.pixels[i] = colour(images[first + i], images[first + second + i], images[first + 2 * second + i]);
        }
        return picture;
    }

    /** Returns a colour that hides what is below; each channel from 0 to 255. */
    static int colour(int red, int green, int blue) {
        return OPAQUE | (red & 0xFF) << 16 | (green & 0xFF) << 8 | blue & 0xFF;
    }

    void set(int x, int y, int colour) {
        pixels[y * width + x] = colour;
    }

    /** {@return the picture as an address for HTML, a PNG file in base 64} */
    String toDataUri() {
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(toPng());
    }

    /** {@return the picture as a PNG file: the same bytes each time} */
    byte[] toPng() {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        png.writeBytes(SIGNATURE);
        ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height);
        header.put(new byte[] {8, 6, 0, 0, 0}); // 8 bits, red, green, blue, opacity; deflated, filtered, not interlaced
        chunk(png, "IHDR", header.array());
        chunk(png, "IDAT", deflated());
        chunk(png, "IEND", new byte[0]);
        return png.toByteArray();
    }

    private byte[] deflated() {
        ByteBuffer rows = ByteBuffer.allocate(height * (1 + 4 * width));
        for (int y = 0; y < height; y++) {
            rows.put((byte) 0); // no filter
            for (int x = 0; x < width; x++) {
                rows.putInt(Integer.rotateLeft(pixels[y * width + x], 8));
            }
        }
        Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
        try {
            deflater.setInput(rows.array());
            deflater.finish();
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] piece = new byte[1 << 14];
            while (!deflater.finished()) {
                out.write(piece, 0, deflater.deflate(piece));
            }
            return out.toByteArray();
        } finally {
            deflater.end();
        }
    }

    private static void chunk(ByteArrayOutputStream png, String name, byte[] content) {
        byte[] type = name.getBytes(StandardCharsets.US_ASCII);
        CRC32 sum = new CRC32();
        sum.update(type);
        sum.update(content);
        png.writeBytes(ByteBuffer.allocate(4).putInt(content.length).array());
        png.writeBytes(type);
        png.writeBytes(content);
        png.writeBytes(ByteBuffer.allocate(4).putInt((int) sum.getValue()).array());
    }
}
