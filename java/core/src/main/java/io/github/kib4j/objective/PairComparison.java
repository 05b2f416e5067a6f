package io.github.kib4j.objective;

import io.github.kib4j.tensor.Tensor;
import java.util.Map;

/** With what the samples of a batch are compared, and what is kept of them. */
interface PairComparison {
    /** {@return what is kept from step to step, by name} */
    default Map<String, Tensor> kept() {
        return Map.of();
    }

    /**
     * Adds the third factor.
     *
     * @param dv zeros {@code [B, G]}; receive the gradient with respect to the centred codes
     * @return the objective, as far as these comparisons tell
     */
    double thirdFactor(double[] dv, PairCodes codes, PairTeaching teaching);
}
