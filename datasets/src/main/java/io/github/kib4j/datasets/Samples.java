package io.github.kib4j.datasets;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/**
 * The samples of decoded images as red, green and blue planes of bytes, as they are stored: what PIL's {@code convert("RGB")}
 * gives. No colour profile and no gamma is applied, alpha is dropped, gray is red, green and blue; of more than 8 bits the upper
 * 8 are taken, fewer are spread over 0 to 255.
 */
final class Samples {
    private static final int WHITE = 255;

    private Samples() {}

    /**
     * Returns an image's planes, one after the other.
     *
     * @throws UnsupportedOperationException with a reason, as a part of a sentence, if its samples are no colours of this kind
     */
    static byte[] planes(BufferedImage image) {
        ColorModel colours = image.getColorModel();
        if (colours instanceof IndexColorModel palette) {
            return palette(image.getRaster(), palette);
        }
        if (colours.isAlphaPremultiplied()) {
            image.coerceData(false);
        }
        int type = colours.getColorSpace().getType();
        Raster raster = image.getRaster();
        if (type == ColorSpace.TYPE_CMYK) {
            return printed(raster, pixel -> {});
        }
        if (type != ColorSpace.TYPE_GRAY && type != ColorSpace.TYPE_RGB) {
            throw new UnsupportedOperationException("its colours are neither gray nor red, green and blue");
        }
        int plane = raster.getWidth() * raster.getHeight();
        byte[] planes = new byte[3 * plane];
        for (int c = 0; c < 3; c++) {
            if (c > 0 && type == ColorSpace.TYPE_GRAY) {
                System.arraycopy(planes, 0, planes, c * plane, plane);
            } else {
                band(raster, c, colours.getComponentSize(c), planes, c * plane);
            }
        }
        return planes;
    }

    private static void band(Raster raster, int band, int bits, byte[] planes, int start) {
        int type = raster.getTransferType();
        if (bits > 16 || type == DataBuffer.TYPE_FLOAT || type == DataBuffer.TYPE_DOUBLE) {
            throw new UnsupportedOperationException("it has " + bits + " bits a sample, more than 16");
        }
        int width = raster.getWidth();
        int most = (1 << bits) - 1;
        int[] row = new int[width];
        for (int y = 0; y < raster.getHeight(); y++) {
            raster.getSamples(0, y, width, 1, band, row);
            for (int x = 0; x < width; x++) {
                int sample = row[x] & most;
                planes[start + y * width + x] =
                        (byte) (bits >= 8 ? sample >> (bits - 8) : (sample * WHITE + most / 2) / most);
            }
        }
    }

    private static byte[] palette(Raster raster, IndexColorModel palette) {
        int[] entries = new int[palette.getMapSize()];
        palette.getRGBs(entries);
        int width = raster.getWidth();
        int plane = width * raster.getHeight();
        byte[] planes = new byte[3 * plane];
        int[] row = new int[width];
        for (int y = 0; y < raster.getHeight(); y++) {
            raster.getSamples(0, y, width, 1, 0, row);
            for (int x = 0; x < width; x++) {
                int entry = entries[row[x]];
                for (int c = 0; c < 3; c++) {
                    planes[c * plane + y * width + x] = (byte) (entry >> (16 - 8 * c));
                }
            }
        }
        return planes;
    }

    /** What a pixel's four samples say of its inks. */
    @FunctionalInterface
    private interface Inks {
        /** Replaces the samples by the amounts of cyan, magenta, yellow and black. */
        void of(int[] pixel);
    }

    /** Returns the planes of a JPEG file's four components, as Adobe's programs write them: white is 255. */
    static byte[] jpegInks(Raster raster, boolean ycck) {
        return printed(raster, pixel -> {
            if (ycck) {
                double blue = pixel[1] - 128;
                double red = pixel[2] - 128;
                int y = pixel[0];
                pixel[0] = byteOf(y + 1.402 * red);
                pixel[1] = byteOf(y - 0.344136 * blue - 0.714136 * red);
                pixel[2] = byteOf(y + 1.772 * blue);
            } else {
                for (int c = 0; c < 3; c++) {
                    pixel[c] = WHITE - pixel[c];
                }
            }
            pixel[3] = WHITE - pixel[3];
        });
    }

    private static int byteOf(double value) {
        return (int) Math.max(0, Math.min(WHITE, Math.rint(value)));
    }

    /** Returns the planes that inks print: {@code (255 - ink) (255 - black) / 255}. */
    private static byte[] printed(Raster raster, Inks inks) {
        int width = raster.getWidth();
        int plane = width * raster.getHeight();
        byte[] planes = new byte[3 * plane];
        int[] pixel = new int[raster.getNumBands()];
        for (int p = 0; p < plane; p++) {
            raster.getPixel(p % width, p / width, pixel);
            inks.of(pixel);
            int light = WHITE - pixel[3];
            for (int c = 0; c < 3; c++) {
                planes[c * plane + p] = (byte) (light - (pixel[c] * light + WHITE / 2) / WHITE);
            }
        }
        return planes;
    }
}
