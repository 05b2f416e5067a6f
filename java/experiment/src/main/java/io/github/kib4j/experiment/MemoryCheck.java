package io.github.kib4j.experiment;

import io.github.kib4j.op.Device;
import io.github.kib4j.train.DeviceDataset.Sizes;
import io.github.kib4j.train.MemoryBudget;
import io.github.kib4j.train.MemoryEstimate;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Refuses a training that will not fit into memory, before anything is allocated or written.
 *
 * @param device that it is to be on
 */
record MemoryCheck(Settings settings, Sizes images, Device device) {
    /** Widths that are tried, from the wanted one down. */
    private static final int HALVINGS = 10;

    /**
     * Checks the settings.
     *
     * @throws UsageException if they need more than there is; it names what would fit
     */
    void require() {
        Optional<MemoryEstimate> wanted = new RunPlan(settings).largest(device, images);
        MemoryBudget budget = RunPlan.budget(device); // once planning has opened what it needs
        if (wanted.filter(budget::holds).isPresent()) {
            return;
        }
        String need = wanted.map(budget::lack).orElse(MemoryEstimate.UNCOUNTABLE);
        throw new UsageException("This training needs " + need + "; " + advice(budget) + ".");
    }

    private String advice(MemoryBudget budget) {
        OptionalInt batch = MemoryBudget.largestBatch(
                settings.integer(Key.BATCH),
                settings.integer(Key.VIEWS),
                smaller -> fitsWith(budget, Key.BATCH, Integer.toString(smaller)));
        if (batch.isPresent()) {
            return "--batch " + batch.getAsInt() + " is the largest that fits";
        }
        double width = settings.number(Key.WIDTH);
        for (int i = 0; i < HALVINGS; i++) {
            width /= 2;
            if (fitsWith(budget, Key.WIDTH, Double.toString(width))) {
                return "no smaller batch fits, but --width " + width + " does";
            }
        }
        return "no smaller batch fits: take fewer or smaller layers, or fewer images";
    }

    private boolean fitsWith(MemoryBudget budget, Key key, String value) {
        try {
            return new RunPlan(settings.with(key, value))
                    .largest(device, images)
                    .filter(budget::holds)
                    .isPresent();
        } catch (UsageException e) {
            return false;
        }
    }
}
