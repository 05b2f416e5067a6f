package io.github.kib4j.datasets;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.op.Philox;
import io.github.kib4j.tensor.Shape;
import java.util.Collections;
import java.util.List;

/**
 * {@code shapes}: generated 32x32 colour images of ten classes, deterministic from a seed. A figure of random colour, position,
 * size and rotation lies on a background of random colour gradient, under noise; neither colour nor brightness tells its class.
 */
final class Shapes {
    static final int TRAIN = 8000;
    static final int TEST = 2000;
    static final List<String> CLASSES =
            List.of("disc", "square", "triangle", "cross", "ring", "star", "half", "frame", "bars", "corner");

    private static final int SIZE = 32;
    static final Sizes SIZES = new Sizes(Shape.of(3, SIZE, SIZE), CLASSES.size(), TRAIN, TEST);
    private static final int PLANE = SIZE * SIZE;
    /** Standard deviation of the noise, in units of a pixel's range. */
    private static final double NOISE = 0.08;
    /** Least distance of the figure's colour from the background's, in units of the colour cube's edge. */
    private static final double CONTRAST = 0.45;
    /** Least and greatest radius of a figure, in pixels. */
    private static final double SMALLEST = 7;

    private static final double LARGEST = 11;
    /** Greatest rotation from upright, in radians. */
    private static final double ROTATION = 0.35;
    /** Width of the edge over which a figure's colour blends in, in pixels. */
    private static final double EDGE = 0.7;

    private Shapes() {}

    static Dataset generate(long seed) {
        List<Double> half = Collections.nCopies(3, 0.5);
        return new Dataset(
                "shapes",
                images("shapes train", seed, 0, TRAIN),
                images("shapes test", seed, TRAIN, TEST),
                half,
                half,
                0,
                false);
    }

    private static ImageSet images(String name, long seed, int first, int count) {
        byte[] pixels = new byte[count * 3 * PLANE];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = (first + i) % CLASSES.size();
            draw(pixels, i * 3 * PLANE, labels[i], new Draws(seed, first + i));
        }
        return new ImageSet(name, Shape.of(3, SIZE, SIZE), pixels, labels, CLASSES);
    }

    /** The random numbers of one image. */
    private static final class Draws {
        private final int[] words = new int[4];
        private final long seed;
        private final int image;
        private int next;

        Draws(long seed, int image) {
            this.seed = seed;
            this.image = image;
        }

        /** Returns the next uniform number in (low, high). */
        double uniform(double low, double high) {
            if (next % 4 == 0) {
                Philox.words(words, seed, next / 4, image, 0, Philox.GENERATED_DATA);
            }
            return low + (high - low) * Philox.uniform(words[next++ % 4]);
        }

        /** Returns a number of mean 0 and deviation 1: the sum of four uniform ones, scaled. */
        double noise() {
            return (uniform(-1, 1) + uniform(-1, 1) + uniform(-1, 1) + uniform(-1, 1)) * Math.sqrt(0.75);
        }
    }

    /** A figure's place: centre, radius, rotation. */
    private record Pose(double x, double y, double radius, double cos, double sin) {
        static Pose of(Draws draws) {
            double radius = draws.uniform(SMALLEST, LARGEST);
            double room = SIZE / 2.0 - radius;
            double angle = draws.uniform(-ROTATION, ROTATION);
            return new Pose(
                    SIZE / 2.0 + draws.uniform(-room, room),
                    SIZE / 2.0 + draws.uniform(-room, room),
                    radius,
                    Math.cos(angle),
                    Math.sin(angle));
        }
    }

    private static void draw(byte[] pixels, int start, int label, Draws draws) {
        Pose pose = Pose.of(draws);
        double[] from = colour(draws);
        double[] to = colour(draws);
        double[] ink = colour(draws);
        while (distance(ink, from) < CONTRAST || distance(ink, to) < CONTRAST) {
            ink = colour(draws);
        }
        double gx = draws.uniform(-1, 1);
        double gy = draws.uniform(-1, 1);
        for (int p = 0; p < PLANE; p++) {
            double dx = p % SIZE + 0.5 - pose.x();
            double dy = p / SIZE + 0.5 - pose.y();
            double u = (dx * pose.cos() + dy * pose.sin()) / pose.radius();
            double v = (dy * pose.cos() - dx * pose.sin()) / pose.radius();
            double cover = Math.min(1, Math.max(0, 0.5 - figure(label, u, v) * pose.radius() / EDGE));
            double blend = Math.min(
                    1, Math.max(0, 0.5 + (gx * (p % SIZE - SIZE / 2.0) + gy * (p / SIZE - SIZE / 2.0)) / SIZE));
            for (int c = 0; c < 3; c++) {
                double background = from[c] + blend * (to[c] - from[c]);
                double value = background + cover * (ink[c] - background) + NOISE * draws.noise();
                pixels[start + c * PLANE + p] = (byte) Math.round(255 * Math.min(1, Math.max(0, value)));
            }
        }
    }

    private static double[] colour(Draws draws) {
        return new double[] {draws.uniform(0, 1), draws.uniform(0, 1), draws.uniform(0, 1)};
    }

    private static double distance(double[] a, double[] b) {
        return Math.sqrt(square(a[0] - b[0]) + square(a[1] - b[1]) + square(a[2] - b[2]));
    }

    private static double square(double x) {
        return x * x;
    }

    /** Returns the signed distance (about) of a point from a figure of radius 1: negative inside. */
    private static double figure(int label, double u, double v) {
        double r = Math.hypot(u, v);
        double box = Math.max(Math.abs(u), Math.abs(v)) - 0.8;
        return switch (label) {
            case 0 -> r - 0.85;
            case 1 -> box;
            case 2 -> Math.max(v - 0.6, Math.max(0.866 * u - 0.5 * v, -0.866 * u - 0.5 * v) - 0.45);
            case 3 ->
                Math.min(
                        Math.max(Math.abs(u) - 0.28, Math.abs(v) - 0.95),
                        Math.max(Math.abs(v) - 0.28, Math.abs(u) - 0.95));
            case 4 -> Math.abs(r - 0.68) - 0.2;
            case 5 -> r - 0.62 - 0.32 * Math.cos(5 * Math.atan2(u, -v));
            case 6 -> Math.max(r - 0.95, v);
            case 7 -> Math.abs(box + 0.17) - 0.17;
            case 8 -> Math.max(box, 0.2 - Math.abs(Math.abs(v) - 0.27) - 0.05);
            default ->
                Math.min(
                        Math.max(Math.abs(u + 0.55) - 0.28, Math.abs(v) - 0.85),
                        Math.max(Math.abs(v - 0.57) - 0.28, Math.abs(u) - 0.85));
        };
    }
}
