package io.github.kib4j.cli;

import io.github.kib4j.data.Dataset;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A data set that can be let go of while the method that loaded it still runs, so that its memory can be used again. */
final class LoadedDataset {
    private @Nullable Dataset dataset;

    LoadedDataset(Dataset dataset) {
        this.dataset = dataset;
    }

    Dataset get() {
        return Objects.requireNonNull(dataset, "the data set was taken");
    }

    /** Returns the data set, which is not held from now on. */
    Dataset take() {
        Dataset taken = get();
        dataset = null;
        return taken;
    }
}
