package io.github.kib4j.train;

import io.github.kib4j.checkpoint.Input;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.data.Pixels;
import io.github.kib4j.op.BatchOps;
import io.github.kib4j.op.Device;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/** A data set on a device, for any number of runs. Java's copy of the images is not kept. */
public final class DeviceDataset implements AutoCloseable {
    private final Scope scope;
    private final String name;
    private final Shape image;
    private final DataType type;
    private final List<String> classNames;
    private final Images train;
    private final Images test;
    private final String checksum;
    private final List<Double> mean;
    private final List<Double> deviation;
    private final int padding;
    private final boolean flip;

    /** Images {@code [count, C, H, W]}, U8 or F32, and labels {@code [count]}, I32. */
    record Images(Tensor pixels, Tensor labels, int count) {}

    private DeviceDataset(Scope scope, Sizes sizes, Dataset described) {
        this.scope = scope;
        name = described.name();
        image = sizes.image();
        type = sizes.type();
        classNames = described.train().classNames();
        checksum = described.train().checksum();
        mean = described.mean();
        deviation = described.deviation();
        padding = described.padding();
        flip = described.flip();
        train = allocate(scope, sizes, sizes.train());
        test = allocate(scope, sizes, sizes.test());
    }

    private static Images allocate(Scope scope, Sizes sizes, int count) {
        int places = Math.max(1, count); // no tensor is empty
        return new Images(
                scope.allocate(sizes.type(), sizes.image().prepend(places)),
                scope.allocate(DataType.I32, Shape.of(places)),
                count);
    }

    /**
     * Copies a data set to a device.
     *
     * @param device where the images go
     * @param dataset the images
     * @return the data set, which the caller closes
     */
    public static DeviceDataset upload(Device device, Dataset dataset) {
        Scope scope = device.newScope("data set");
        try {
            DeviceDataset uploaded = new DeviceDataset(scope, Sizes.of(dataset), dataset);
            write(uploaded.train, dataset.train());
            write(uploaded.test, dataset.test());
            return uploaded;
        } catch (RuntimeException | Error e) {
            scope.close();
            throw e;
        }
    }

    private static void write(Images images, ImageSet from) {
        if (from.count() == 0) {
            return;
        }
        if (from.pixels() instanceof Pixels.Floats floats) {
            images.pixels().write(floats.floats());
        } else {
            images.pixels().write(from.pixels().bytes());
        }
        images.labels().write(from.labels());
    }

    /** Returns a data set of which only the sizes are there. */
    static DeviceDataset dry(Scope scope, Sizes sizes) {
        List<Double> half = Collections.nCopies(sizes.image().extent(0), 0.5);
        int size = Math.toIntExact(sizes.image().size());
        ImageSet one = new ImageSet(
                "sizes",
                sizes.image(),
                sizes.type() == DataType.U8 ? new Pixels.Bytes(new byte[size]) : new Pixels.Floats(new float[size]),
                new int[1],
                Collections.nCopies(sizes.classes(), ""));
        return new DeviceDataset(scope, sizes, new Dataset("sizes", one, one, half, half, 0, false));
    }

    /**
     * A data set's sizes.
     *
     * @param image {@code C x H x W}
     * @param type of an image's numbers: U8 or F32
     * @param classes {@code M}
     * @param train images to train on
     * @param test images to test on
     */
    public record Sizes(Shape image, DataType type, int classes, int train, int test) {
        /**
         * Creates the sizes of a data set of bytes.
         *
         * @param image {@code C x H x W}
         * @param classes {@code M}
         * @param train images to train on
         * @param test images to test on
         */
        public Sizes(Shape image, int classes, int train, int test) {
            this(image, DataType.U8, classes, train, test);
        }

        /**
         * {@return the sizes of a data set}
         *
         * @param dataset the data set
         */
        public static Sizes of(Dataset dataset) {
            return new Sizes(
                    dataset.train().image(),
                    dataset.train().pixels().type(),
                    dataset.train().classes(),
                    dataset.train().count(),
                    dataset.test().count());
        }
    }

    /** {@return the name users type} */
    public String name() {
        return name;
    }

    /** {@return the shape of an image, {@code C x H x W}} */
    public Shape image() {
        return image;
    }

    /** {@return the type of an image's numbers: U8 or F32} */
    public DataType type() {
        return type;
    }

    /** Returns what a network that learned this data set must be given. */
    Input input() {
        return new Input(image, type, mean, deviation);
    }

    /** Returns whether images have labels. */
    boolean isLabelled() {
        return !classNames.isEmpty();
    }

    /**
     * Refuses to tell how well a network does where that cannot be known.
     *
     * @param what is asked for, in words that a sentence begins with
     */
    void requireTests(String what) {
        if (!isLabelled() || testCount() == 0) {
            throw new RefusedException(what + " is not known without " + (isLabelled() ? "test images" : "labels")
                    + ", which " + name + " does not have.");
        }
    }

    /** {@return the number of classes, {@code M}} */
    public int classes() {
        return classNames.size();
    }

    /** {@return the names of the classes, label by label} */
    public List<String> classNames() {
        return classNames;
    }

    /** {@return the number of training images} */
    public int trainCount() {
        return train.count();
    }

    /** {@return the number of test images} */
    public int testCount() {
        return test.count();
    }

    /** Returns how many images of which extents there are. */
    Sizes sizes() {
        return new Sizes(image, type, classes(), trainCount(), testCount());
    }

    /** Returns the bytes on the device. */
    long bytes() {
        return scope.bytes();
    }

    Images train() {
        return train;
    }

    Images test() {
        return test;
    }

    /** {@return the CRC-32C of the training images and their labels, in hexadecimal} */
    public String checksum() {
        return checksum;
    }

    /** Returns the training images' numbers as targets see them: of bytes parts of 255, of floats what the network reads. */
    IntToDoubleFunction trainValues() {
        if (type == DataType.U8) {
            byte[] bytes = train.pixels().readBytes();
            return i -> (bytes[i] & 0xFF) / 255.0;
        }
        float[] floats = train.pixels().readFloats();
        int plane = Math.toIntExact(image.size() / mean.size());
        return i -> {
            int channel = i / plane % mean.size();
            return (floats[i] - mean.get(channel)) / deviation.get(channel);
        };
    }

    /** Returns how its images become a network's input. */
    BatchOps.Spec preparation(boolean augments, long seed) {
        BatchOps.Mirror mirror = augments && flip ? BatchOps.Mirror.RANDOM : BatchOps.Mirror.NEVER;
        return new BatchOps.Spec(augments ? padding : 0, mirror, mean, deviation, seed);
    }

    /** Returns how its images become a network's input, each mirrored. */
    BatchOps.Spec mirrored() {
        return new BatchOps.Spec(0, BatchOps.Mirror.ALWAYS, mean, deviation, 0);
    }

    /** Frees the device's memory. Runs on this data set must be closed before. */
    @Override
    public void close() {
        scope.close();
    }
}
