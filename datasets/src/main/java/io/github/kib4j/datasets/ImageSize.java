package io.github.kib4j.datasets;

import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;

/**
 * The size that images are brought to: scaled, with their proportions, so that they just cover it, and cropped at their middle. Numbers
 * are weighted means of the neighbours, by a triangle as wide as the scale (bilinear, and where images become smaller, over all that
 * lies between).
 *
 * @param height in pixels
 * @param width in pixels
 */
public record ImageSize(int height, int width) {
    /** The most pixels of a side. */
    public static final int LARGEST = 4096;

    /**
     * Checks the numbers.
     *
     * @param height in pixels
     * @param width in pixels
     */
    public ImageSize {
        if (height < 1 || width < 1 || height > LARGEST || width > LARGEST) {
            throw new RefusedException(
                    "Images have 1 to " + LARGEST + " pixels a side, but are to have " + height + " x " + width + ".");
        }
    }

    /** Returns an image's planes in this size. */
    byte[] of(ImageFile image) {
        int h = image.shape().extent(1);
        int w = image.shape().extent(2);
        if (h == height && w == width) {
            return image.pixels();
        }
        double scale = Math.max((double) height / h, (double) width / w);
        Taps rows = Taps.of(h, height, scale);
        Taps columns = Taps.of(w, width, scale);
        int channels = image.shape().extent(0);
        byte[] sized = new byte[channels * height * width];
        float[] across = new float[h * width];
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < h; y++) {
                for (int x = 0; x < width; x++) {
                    float sum = 0;
                    for (int k = 0; k < columns.weights[x].length; k++) {
                        sum += columns.weights[x][k] * (image.pixels()[(c * h + y) * w + columns.first[x] + k] & 0xFF);
                    }
                    across[y * width + x] = sum;
                }
            }
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    float sum = 0;
                    for (int k = 0; k < rows.weights[y].length; k++) {
                        sum += rows.weights[y][k] * across[(rows.first[y] + k) * width + x];
                    }
                    sized[(c * height + y) * width + x] = (byte) Math.round(sum);
                }
            }
        }
        return sized;
    }

    /** Returns the shape of images of this size. */
    Shape shape() {
        return Shape.of(3, height, width);
    }

    /** Which neighbours a pixel is a mean of, and their weights, along one side. */
    @SuppressWarnings("ArrayRecordComponent") // used where they are made
    private record Taps(int[] first, float[][] weights) {
        static Taps of(int from, int to, double scale) {
            Taps taps = new Taps(new int[to], new float[to][]);
            double reach = Math.max(1, 1 / scale);
            double cropped = (from * scale - to) / 2;
            for (int i = 0; i < to; i++) {
                double middle = (i + 0.5 + cropped) / scale;
                int first = Math.max(0, (int) Math.ceil(middle - reach - 0.5));
                int last = Math.min(from - 1, (int) Math.floor(middle + reach - 0.5));
                double[] weights = new double[last - first + 1];
                double sum = 0;
                for (int k = 0; k < weights.length; k++) {
                    weights[k] = Math.max(0, 1 - Math.abs(first + k + 0.5 - middle) / reach);
                    sum += weights[k];
                }
                taps.first[i] = first;
                taps.weights[i] = new float[weights.length];
                for (int k = 0; k < weights.length; k++) {
                    taps.weights[i][k] = (float) (weights[k] / sum);
                }
            }
            return taps;
        }
    }
}
