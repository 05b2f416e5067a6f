package io.github.kib4j.train;

import io.github.kib4j.checkpoint.Input;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.op.BatchOps;
import io.github.kib4j.op.Device;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Collections;
import java.util.List;

/** A data set on a device, for any number of runs. Java's copy of the images is not kept. */
public final class DeviceDataset implements AutoCloseable {
    private final Scope scope;
    private final String name;
    private final Shape image;
    private final List<String> classNames;
    private final Images train;
    private final Images test;
    private final String checksum;
    private final List<Double> mean;
    private final List<Double> deviation;
    private final int padding;
    private final boolean flip;

    /** Images {@code [count, C, H, W]}, U8, and labels {@code [count]}, I32. */
    record Images(Tensor pixels, Tensor labels, int count) {}

    private DeviceDataset(Scope scope, Sizes sizes, Dataset described) {
        this.scope = scope;
        name = described.name();
        image = sizes.image();
        classNames = described.train().classNames();
        checksum = described.train().checksum();
        mean = described.mean();
        deviation = described.deviation();
        padding = described.padding();
        flip = described.flip();
        train = allocate(scope, image, sizes.train());
        test = allocate(scope, image, sizes.test());
    }

    private static Images allocate(Scope scope, Shape image, int count) {
        return new Images(
                scope.allocate(DataType.U8, image.prepend(count)),
                scope.allocate(DataType.I32, Shape.of(count)),
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
        images.pixels().write(from.pixels());
        images.labels().write(from.labels());
    }

    /** Returns a data set of which only the sizes are there. */
    static DeviceDataset dry(Scope scope, Sizes sizes) {
        List<Double> half = Collections.nCopies(sizes.image().extent(0), 0.5);
        ImageSet one = new ImageSet(
                "sizes",
                sizes.image(),
                new byte[Math.toIntExact(sizes.image().size())],
                new int[1],
                Collections.nCopies(sizes.classes(), ""));
        return new DeviceDataset(scope, sizes, new Dataset("sizes", one, one, half, half, 0, false));
    }

    /**
     * A data set's sizes.
     *
     * @param image {@code C x H x W}
     * @param classes {@code M}
     * @param train images to train on
     * @param test images to test on
     */
    public record Sizes(Shape image, int classes, int train, int test) {
        /**
         * {@return the sizes of a data set}
         *
         * @param dataset the data set
         */
        public static Sizes of(Dataset dataset) {
            return new Sizes(
                    dataset.train().image(),
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
        return new Sizes(image, classes(), trainCount(), testCount());
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

    /** Returns what a network reads of it. */
    Input input() {
        return new Input(image, DataType.U8, mean, deviation);
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
