package io.github.kib4j.bench.training;

import io.github.kib4j.bench.Workload;
import io.github.kib4j.op.Devices;

/** kib4j's trainer on its CPU device. */
public final class KibContender implements Contender {
    static final String NAME = "kib";
    /** More than any run completes. */
    private static final int EPOCHS = 1_000_000;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Session open(Workload workload, int threads, int images) {
        return new KibSession(
                Devices.open("cpu", threads).device(), workload.dataset(images), workload.config(EPOCHS), true);
    }
}
