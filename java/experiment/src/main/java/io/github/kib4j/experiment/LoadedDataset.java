package io.github.kib4j.experiment;

import io.github.kib4j.data.Dataset;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A data set that can be let go of while the method that loaded it still runs, so that its memory can be used again. */
public final class LoadedDataset {
    private @Nullable Dataset dataset;

    public LoadedDataset(Dataset dataset) {
        this.dataset = dataset;
    }

    public Dataset get() {
        return Objects.requireNonNull(dataset, "the data set was taken");
    }

    /** Returns the data set, which is not held from now on. */
    public Dataset take() {
        Dataset taken = get();
        dataset = null;
        return taken;
    }
}
