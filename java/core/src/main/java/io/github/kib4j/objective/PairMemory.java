package io.github.kib4j.objective;

import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.RefusedException;

/** With what {@link HebbianPairs} compares a sample. */
public sealed interface PairMemory {
    /** {@return all that decides bits} */
    Signature signature();

    /** All samples of its batch, as the objective is defined: nothing is kept from step to step. */
    record Batch() implements PairMemory {
        @Override
        public Signature signature() {
            return Signature.of("batch");
        }
    }

    /**
     * The samples that came before it: their codes and wanted outputs are kept, and running means of similarities.
     *
     * @param samples how many; 1 for the one before
     * @param rate of the running means
     */
    record Last(int samples, double rate) implements PairMemory {
        /**
         * Checks the numbers.
         *
         * @param samples how many
         * @param rate of the running means
         */
        public Last {
            if (samples < 1) {
                throw new RefusedException("A sample is compared with at least 1 before it, not with " + samples + ".");
            }
            requireRate(rate);
        }

        @Override
        public Signature signature() {
            return Signature.of("last").with("samples", samples).with("rate", rate);
        }
    }

    /**
     * Running averages of all samples that came before it (docs/mathematics.md, section 7.4): no sample is kept. For the linear and
     * cosine kernels.
     *
     * @param rate of the averages: about the last {@code 1/rate} samples count
     */
    record Averages(double rate) implements PairMemory {
        /**
         * Checks the rate.
         *
         * @param rate of the averages
         */
        public Averages {
            requireRate(rate);
        }

        @Override
        public Signature signature() {
            return Signature.of("averages").with("rate", rate);
        }
    }

    private static void requireRate(double rate) {
        if (!(rate > 0 && rate <= 1)) {
            throw new RefusedException("A rate of running averages is above 0 and at most 1, not " + rate + ".");
        }
    }
}
