package io.github.kib4j.experiment;

import io.github.kib4j.train.DeviceDataset.Sizes;
import io.github.kib4j.train.MemoryEstimate;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Refuses a training that will not fit into memory, before anything is allocated or written.
 *
 * @param available bytes; empty where the system does not tell
 */
record MemoryCheck(Settings settings, Sizes images, OptionalLong available) {
    /** Widths that are tried, from the wanted one down. */
    private static final int HALVINGS = 10;

    MemoryCheck {
        if (settings.text(Key.DEVICE).equals("reference")) { // its numbers are Java's
            available = OptionalLong.of(Math.min(
                    available.orElse(Long.MAX_VALUE), Runtime.getRuntime().maxMemory()));
        }
    }

    /**
     * Checks the settings.
     *
     * @throws UsageException if they need more than there is; it names what would fit
     */
    void require() {
        Optional<MemoryEstimate> wanted = new RunPlan(settings).largest(images);
        if (wanted.isPresent() && fits(wanted.get())) {
            return;
        }
        String need = wanted.map(estimate -> "about " + MemoryEstimate.megabytes(estimate.total()) + " of memory ("
                        + estimate.describe() + "), but " + MemoryEstimate.megabytes(available.orElse(0))
                        + " are available")
                .orElse("arrays of more elements than can be counted");
        throw new UsageException("This training needs " + need + "; " + advice() + ".");
    }

    private boolean fits(MemoryEstimate estimate) {
        return available.isEmpty() || estimate.total() <= available.getAsLong();
    }

    private String advice() {
        for (int batch = settings.integer(Key.BATCH) / 2; batch >= 2; batch /= 2) {
            if (fitsWith(Key.BATCH, Integer.toString(batch))) {
                return "--batch " + batch + " would fit";
            }
        }
        double width = settings.number(Key.WIDTH);
        for (int i = 0; i < HALVINGS; i++) {
            width /= 2;
            if (fitsWith(Key.WIDTH, Double.toString(width))) {
                return "--width " + width + " would fit";
            }
        }
        return "no smaller batch fits: take fewer or smaller layers, or fewer images";
    }

    private boolean fitsWith(Key key, String value) {
        try {
            return new RunPlan(settings.with(key, value))
                    .largest(images)
                    .filter(this::fits)
                    .isPresent();
        } catch (UsageException e) {
            return false;
        }
    }
}
