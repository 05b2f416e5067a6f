package io.github.kib4j.bench.training;

import io.github.kib4j.bench.Workload;

/** What trains a workload: kib4j, a peer, or a bound. Found as a service. */
public interface Contender {
    /** {@return the name in tables, for example {@code kib}} */
    String name();

    /**
     * Prepares a training.
     *
     * @param workload what is trained
     * @param threads processor threads
     * @param images of the data set
     * @return the planned operation
     * @throws UnsupportedOperationException for what the contender cannot do: says what and why
     */
    Session open(Workload workload, int threads, int images);
}
