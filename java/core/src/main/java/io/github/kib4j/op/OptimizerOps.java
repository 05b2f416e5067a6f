package io.github.kib4j.op;

import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Optimizers with the exact semantics of PyTorch's. They do nothing once the clock's fault is set.
 *
 * @param <R> what planning gives: an {@link Operation}, or a backend's {@link Work}
 */
public interface OptimizerOps<R> {
    /** The update of one weight {@code w} with gradient {@code g}, learning rate {@code lr}, step {@code t} from 1. */
    sealed interface Spec {
        /** {@return how many state tensors a parameter has} */
        int states();

        /** {@return weight of the parameter in its gradient, or, where decoupled, of the parameter itself} */
        double weightDecay();

        /** {@return all that decides bits} */
        Signature signature();
    }

    private static void requirePart(String name, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new RefusedException(
                    "The optimizer's " + name + " must be at least 0 and below 1, but is " + value + ".");
        }
    }

    private static void requireDecay(double weightDecay) {
        if (!(weightDecay >= 0) || !Double.isFinite(weightDecay)) {
            throw new RefusedException("A weight decay must be finite and not negative, but is " + weightDecay + ".");
        }
    }

    /** {@code g += weightDecay w;  m = momentum m + g;  w -= lr m}. With {@code momentum = 0} no state is kept. */
    record Sgd(double momentum, double weightDecay) implements Spec {
        /**
         * Checks the numbers.
         *
         * @param momentum 0 for none
         * @param weightDecay weight of the parameter in its gradient, or, where decoupled, of the parameter itself
         */
        public Sgd {
            requirePart("momentum", momentum);
            requireDecay(weightDecay);
        }

        @Override
        public int states() {
            return momentum == 0 ? 0 : 1;
        }

        @Override
        public Signature signature() {
            return Signature.of("sgd").with("momentum", momentum).with("weightDecay", weightDecay);
        }
    }

    /**
     * {@code m = beta1 m + (1-beta1) g;  v = beta2 v + (1-beta2) g^2;
     * w -= lr / (1-beta1^t) m / (sqrt(v) / sqrt(1-beta2^t) + epsilon)}, where before, {@code g += weightDecay w} (Adam) or, if
     * {@code decoupled}, {@code w -= lr weightDecay w} (AdamW).
     */
    record Adam(double beta1, double beta2, double epsilon, double weightDecay, boolean decoupled) implements Spec {
        /**
         * Checks the numbers; unlike PyTorch, no epsilon of 0: a gradient that was always 0 would be divided by it.
         *
         * @param beta1 decay of the mean gradient
         * @param beta2 decay of the mean squared gradient
         * @param epsilon added to the root of the mean squared gradient
         * @param weightDecay weight of the parameter in its gradient, or, where decoupled, of the parameter itself
         * @param decoupled whether it is AdamW
         */
        public Adam {
            requirePart("beta 1", beta1);
            requirePart("beta 2", beta2);
            requireDecay(weightDecay);
            if (!(epsilon > 0) || !Double.isFinite(epsilon)) {
                throw new RefusedException("Adam's epsilon must be positive and finite, but is " + epsilon + ".");
            }
        }

        @Override
        public int states() {
            return 2;
        }

        @Override
        public Signature signature() {
            return Signature.of("adam")
                    .with("beta1", beta1)
                    .with("beta2", beta2)
                    .with("epsilon", epsilon)
                    .with("weightDecay", weightDecay)
                    .with("decoupled", decoupled);
        }
    }

    /**
     * A parameter with its gradient and state, all of one shape, F32.
     *
     * @param first {@code m}; null where the optimizer keeps no state
     * @param second {@code v}; null but for Adam
     * @param rounded BF16; receives the new parameter, for products; null for none
     */
    record Slot(
            Tensor parameter,
            Tensor gradient,
            @Nullable Tensor first,
            @Nullable Tensor second,
            @Nullable Tensor rounded) {}

    /**
     * Plans one update of all slots, in one launch. {@code t} is the clock's step + 1; the learning rate is that of the clock's step
     * in the epoch, the last of the table's for all later ones.
     *
     * @param spec the update
     * @param slots the parameters
     * @param learningRates {@code [at least 1]}, F64: of an epoch's steps
     * @param clock gives the step, and the fault that stops updates
     * @return the planned operation
     */
    R step(Spec spec, List<Slot> slots, Tensor learningRates, Clock clock);

    /**
     * Plans {@code rounded = value}, to nearest, ties to even.
     *
     * @param rounded BF16
     * @param value F32, of the same shape
     * @return the planned operation
     */
    R round(Tensor rounded, Tensor value);

    /**
     * An array and the mean of what it has been, of one shape, F32.
     *
     * @param average the mean
     * @param value the array
     */
    record Averaged(Tensor average, Tensor value) {}

    /**
     * Plans one step of exponential averages, in one launch: {@code average += (1 - decay) / (1 - decay^t) (value - average)}, with
     * {@code t} the clock's step + 1 (docs/mathematics.md, section 10.1). So the average is the mean of the values of steps 1 to
     * {@code t}, weighted by {@code decay^(t - step)}: the first step's is the value to the bit, whatever it was before. Nothing
     * once the clock's fault is set.
     *
     * @param arrays what is averaged
     * @param decay at least 0 and below 1
     * @param clock gives the step, and the fault
     * @return the planned operation
     */
    R average(List<Averaged> arrays, double decay, Clock clock);

    /**
     * Plans {@code out = alpha x + beta y}, number by number as they are stored: the shapes may differ where the sizes do not.
     *
     * @param out F32; may be the memory of {@code x} or {@code y}
     * @param alpha factor
     * @param x F32
     * @param beta factor
     * @param y F32
     * @param clock nothing is done once its fault is set; null for whatever happens
     * @return the planned operation
     */
    R combine(Tensor out, double alpha, Tensor x, double beta, Tensor y, @Nullable Clock clock);

    /**
     * Plans {@code out = x / (|x| + epsilon)}, with the root of the sum of the squares of all numbers, which is summed in double.
     *
     * @param out F32; may be the memory of {@code x}
     * @param x F32, of the same shape
     * @param epsilon positive: of nothing but zeros come zeros
     * @return the planned operation
     */
    R normalize(Tensor out, Tensor x, double epsilon);

    /**
     * Plans {@code sign = -1, 0 or 1}, elementwise; of NaN, NaN. Feedback weights of sign symmetry, and gradients of which only the
     * sign is used (Liao, Leibo, Poggio, 2016).
     *
     * @param sign F32 or T, of the same shape; may be the memory of {@code value}
     * @param value F32
     * @return the planned operation
     */
    R sign(Tensor sign, Tensor value);
}
