package io.github.kib4j.train;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.op.Device;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
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

    private DeviceDataset(Scope scope, Dataset dataset) {
        this.scope = scope;
        name = dataset.name();
        image = dataset.train().image();
        classNames = dataset.train().classNames();
        checksum = dataset.train().checksum();
        mean = dataset.mean();
        deviation = dataset.deviation();
        padding = dataset.padding();
        flip = dataset.flip();
        train = upload(scope, dataset.train());
        test = upload(scope, dataset.test());
    }

    /**
     * Copies a data set to a device.
     *
     * @param device where the images go
     * @param dataset the images
     * @return the data set, which the caller closes
     */
    public static DeviceDataset upload(Device device, Dataset dataset) {
        Scope scope = device.newScope();
        try {
            return new DeviceDataset(scope, dataset);
        } catch (RuntimeException | Error e) {
            scope.close();
            throw e;
        }
    }

    private static Images upload(Scope scope, ImageSet images) {
        Tensor pixels = scope.allocate(DataType.U8, images.image().prepend(images.count()));
        pixels.write(images.pixels());
        Tensor labels = scope.allocate(DataType.I32, Shape.of(images.count()));
        labels.write(images.labels());
        return new Images(pixels, labels, images.count());
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

    List<Double> mean() {
        return mean;
    }

    List<Double> deviation() {
        return deviation;
    }

    int padding() {
        return padding;
    }

    boolean flip() {
        return flip;
    }

    /** Frees the device's memory. Runs on this data set must be closed before. */
    @Override
    public void close() {
        scope.close();
    }
}
