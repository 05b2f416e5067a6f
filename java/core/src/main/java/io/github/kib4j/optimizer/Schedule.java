package io.github.kib4j.optimizer;

import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.RefusedException;
import java.util.List;

/** The learning rate's factor over a training run. A pure function of the step, so that a resumed run needs nothing of it. */
public sealed interface Schedule {
    /**
     * {@return the factor of the learning rate}
     *
     * @param step training steps done before, from 0
     * @param stepsPerEpoch steps in an epoch
     * @param epochs epochs of the whole run
     */
    double factor(long step, int stepsPerEpoch, int epochs);

    /** {@return whether factors depend on how many epochs the whole run has, so that it cannot be given more later} */
    default boolean dependsOnEpochs() {
        return false;
    }

    /** {@return all that decides bits} */
    Signature signature();

    /** The same rate throughout. */
    record Constant() implements Schedule {
        @Override
        public double factor(long step, int stepsPerEpoch, int epochs) {
            return 1;
        }

        @Override
        public Signature signature() {
            return Signature.of("constant");
        }
    }

    /**
     * Times {@code decay} at each milestone: in epoch {@code e} (from 0) the factor is {@code decay^k} with {@code k} the
     * milestones {@code <= e}, as PyTorch's MultiStepLR.
     */
    record MultiStep(List<Integer> milestones, double decay) implements Schedule {
        /**
         * Checks that milestones ascend, and the decay.
         *
         * @param milestones epochs after which the rate is decayed
         * @param decay factor at each milestone
         */
        public MultiStep {
            milestones = List.copyOf(milestones);
            if (!(decay >= 0) || !Double.isFinite(decay)) {
                throw new RefusedException(
                        "The factor at milestones must be finite and not negative, but is " + decay + ".");
            }
            for (int i = 0; i < milestones.size(); i++) {
                if (milestones.get(i) < 1 || (i > 0 && milestones.get(i) < milestones.get(i - 1))) {
                    throw new RefusedException(
                            "Milestones must be positive and ascending, but are " + milestones + ".");
                }
            }
        }

        @Override
        public double factor(long step, int stepsPerEpoch, int epochs) {
            long epoch = step / stepsPerEpoch;
            return Math.pow(decay, milestones.stream().filter(m -> m <= epoch).count());
        }

        @Override
        public Signature signature() {
            return Signature.of("multi-step").with("milestones", milestones).with("decay", decay);
        }
    }

    /** {@code (1 + cos(pi t)) / 2} with {@code t} the part of the steps done. */
    record Cosine() implements Schedule {
        @Override
        public double factor(long step, int stepsPerEpoch, int epochs) {
            return 0.5 * (1 + Math.cos(Math.PI * step / ((double) stepsPerEpoch * epochs)));
        }

        @Override
        public Signature signature() {
            return Signature.of("cosine");
        }

        @Override
        public boolean dependsOnEpochs() {
            return true;
        }
    }

    /**
     * One cycle (Smith and Topin, 2017; PyTorch's OneCycleLR without momentum): a half cosine from {@code 1/25} up to 1 over the
     * first {@code rise} of the steps, then one down to {@code 1/25e4}.
     */
    record OneCycle(double rise) implements Schedule {
        private static final double START = 1.0 / 25;
        private static final double END = START / 1e4;

        /**
         * Checks the part of the rise.
         *
         * @param rise share of the steps in which the rate rises
         */
        public OneCycle {
            if (!(rise > 0 && rise < 1)) {
                throw new RefusedException(
                        "The rising part of one cycle must lie between 0 and 1, but is " + rise + ".");
            }
        }

        @Override
        public double factor(long step, int stepsPerEpoch, int epochs) {
            double total = Math.max(1, (double) stepsPerEpoch * epochs - 1);
            double top = Math.max(rise * (total + 1) - 1, 0);
            return step <= top && top > 0
                    ? between(START, 1, step / top)
                    : between(1, END, (step - top) / (total - top));
        }

        @Override
        public Signature signature() {
            return Signature.of("one-cycle").with("rise", rise);
        }

        @Override
        public boolean dependsOnEpochs() {
            return true;
        }

        private static double between(double from, double to, double part) {
            return to + (from - to) / 2 * (1 + Math.cos(Math.PI * part));
        }
    }

    /** Another schedule whose first {@code epochs} epochs rise linearly from a first step's fraction to its full factor. */
    record WarmUp(double warmUpEpochs, Schedule then) implements Schedule {
        /**
         * Checks the length.
         *
         * @param warmUpEpochs epochs in which the rate rises
         * @param then what follows
         */
        public WarmUp {
            if (!(warmUpEpochs > 0) || !Double.isFinite(warmUpEpochs)) {
                throw new RefusedException("A warm-up must last for more than 0 epochs, but is " + warmUpEpochs + ".");
            }
        }

        @Override
        public double factor(long step, int stepsPerEpoch, int epochs) {
            return Math.min(1, (step + 1) / (warmUpEpochs * stepsPerEpoch)) * then.factor(step, stepsPerEpoch, epochs);
        }

        @Override
        public Signature signature() {
            return Signature.of("warm-up").with("epochs", warmUpEpochs).with("then", then.signature());
        }

        @Override
        public boolean dependsOnEpochs() {
            return then.dependsOnEpochs();
        }
    }
}
