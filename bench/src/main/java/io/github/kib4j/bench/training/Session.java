package io.github.kib4j.bench.training;

import java.util.Map;
import java.util.function.BooleanSupplier;

/** A training that was prepared, and goes on where it stopped. */
public interface Session extends AutoCloseable {
    /**
     * Trains steps of whole batches, at least one, and returns when the last is computed.
     *
     * @param goOn asked after each step
     * @return the steps
     */
    long train(BooleanSupplier goOn);

    /** {@return the seconds spent in each phase, in order, since the session began; empty if it does not know} */
    Map<String, Double> phaseSeconds();

    /** {@return versions and instruction sets, for people} */
    String description();

    @Override
    void close();
}
