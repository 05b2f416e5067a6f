package io.github.kib4j.train;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.DeviceMemory;
import io.github.kib4j.tensor.OutOfDeviceMemoryException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.IntPredicate;

/**
 * The memory that there is for a run: the host's, and the device's where that has its own. Elsewhere tensors lie in the host's.
 *
 * @param host bytes that the process has and can still get; empty where that is not known
 * @param device the device's own memory; empty where it has none
 * @param there bytes of the device's own memory that the run has already
 */
public record MemoryBudget(OptionalLong host, Optional<DeviceMemory> device, long there) {
    private static final int SMALLEST_BATCH = 2;

    /**
     * {@return the budget of a run on a device, of which nothing is there yet, as things stand now}
     *
     * @param device that the run computes on
     * @param host bytes that the process has and can still get; empty where that is not known
     */
    public static MemoryBudget of(Device device, OptionalLong host) {
        return new MemoryBudget(host, device.ownMemory(), 0);
    }

    /**
     * {@return whether there is enough of either memory}
     *
     * @param estimate of the run
     */
    public boolean holds(MemoryEstimate estimate) {
        return isOnDevice(estimate) && isOnHost(estimate);
    }

    private boolean isOnDevice(MemoryEstimate estimate) {
        return device.map(own -> estimate.onDevice() + own.libraries() <= own.free() + there)
                .orElse(true);
    }

    private boolean isOnHost(MemoryEstimate estimate) {
        return host.isEmpty() || (device.isEmpty() ? estimate.total() : estimate.onHost()) <= host.getAsLong();
    }

    /**
     * {@return what a run lacks: what it needs of the memory that does not hold it, and what there is; half a sentence}
     *
     * @param estimate of a run that this budget does not hold
     */
    public String lack(MemoryEstimate estimate) {
        return isOnDevice(estimate)
                ? ofHost(estimate) + ", but " + DeviceMemory.megabytes(host.orElse(0)) + " are available"
                : ofDevice(estimate) + ", but " + device.orElseThrow().describe()
                        + (there > 0 ? " beside the " + DeviceMemory.megabytes(there) + " that it has already" : "");
    }

    /**
     * {@return what a run needs, and what there is, for people}
     *
     * @param estimate of the run
     */
    public String describe(MemoryEstimate estimate) {
        return device.map(own -> ofDevice(estimate) + ", " + own.describe() + "; ")
                        .orElse("")
                + ofHost(estimate)
                + (host.isPresent() ? "; available: " + DeviceMemory.megabytes(host.getAsLong()) : "");
    }

    private String ofDevice(MemoryEstimate estimate) {
        long libraries = device.orElseThrow().libraries();
        return "about " + DeviceMemory.megabytes(estimate.onDevice() + libraries) + " of the device's memory ("
                + estimate.describeDevice() + ", libraries " + DeviceMemory.megabytes(libraries) + ")";
    }

    private String ofHost(MemoryEstimate estimate) {
        return device.isEmpty()
                ? "about " + DeviceMemory.megabytes(estimate.total()) + " of memory (" + estimate.describeDevice()
                        + ", " + estimate.describeProcess() + ")"
                : "about " + DeviceMemory.megabytes(estimate.onHost()) + " of the host's memory (images "
                        + DeviceMemory.megabytes(estimate.host()) + ", " + estimate.describeProcess() + ")";
    }

    /**
     * {@return a batch that fits while the next one does not, below one that does not; empty if no half of that, down to 2, fits} Nearly
     * everything grows with the batch; tables of learning rates, one for each step, shrink, so that the search begins from above.
     *
     * @param refused a batch that does not fit
     * @param fits whether one does; asked at most twice for each binary digit of the refused one
     */
    public static OptionalInt largestBatch(int refused, IntPredicate fits) {
        int most = refused;
        while (most > SMALLEST_BATCH) {
            int half = Math.max(SMALLEST_BATCH, most / 2);
            if (fits.test(half)) {
                return OptionalInt.of(between(half, most, fits));
            }
            most = half;
        }
        return OptionalInt.empty();
    }

    /**
     * {@return as {@link #largestBatch(int, IntPredicate)}, but a multiple of the views of an image}
     *
     * @param refused a batch that does not fit
     * @param views of an image
     * @param fits whether one does
     */
    public static OptionalInt largestBatch(int refused, int views, IntPredicate fits) {
        OptionalInt images = largestBatch(refused / views, fitting -> fits.test(fitting * views));
        return images.isPresent() ? OptionalInt.of(images.getAsInt() * views) : images;
    }

    private static int between(int fitting, int refused, IntPredicate fits) {
        int low = fitting;
        int high = refused;
        while (high - low > 1) {
            int middle = low + (high - low) / 2;
            if (fits.test(middle)) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /**
     * Checks that a device has room for a run, where it has memory of its own.
     *
     * @param there bytes of the run's that it holds already
     * @throws OutOfDeviceMemoryException if it has not; the message says what would fit
     */
    static void require(Device device, DeviceDataset.Sizes images, TrainingConfig config, long there) {
        if (device.ownMemory().isEmpty()) {
            return;
        }
        Optional<MemoryEstimate> wanted = MemoryEstimate.of(device, images, config);
        // Once planning has opened what it needs.
        MemoryBudget budget = new MemoryBudget(OptionalLong.empty(), device.ownMemory(), there);
        if (wanted.isPresent() && budget.holds(wanted.get())) {
            return;
        }
        OptionalInt largest = largestBatch(
                Math.min(config.batch(), config.samples(images.train() + 1)),
                config.views(),
                batch -> MemoryEstimate.of(device, images, config.withBatch(batch))
                        .filter(budget::holds)
                        .isPresent());
        throw new OutOfDeviceMemoryException("This training needs "
                + wanted.map(budget::lack).orElse(MemoryEstimate.UNCOUNTABLE) + "; "
                + (largest.isPresent()
                        ? "the largest batch that fits is " + largest.getAsInt()
                        : "no smaller batch fits: take fewer or smaller layers, or fewer images")
                + ".");
    }
}
