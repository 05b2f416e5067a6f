package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The weights by which errors come back through a layer (docs/mathematics.md, section 7.2): where they are not those by which activity
 * goes forward, nothing has to transport weights.
 *
 * @param kind which weights
 * @param weight by which activity goes forward
 * @param fixed the random ones; null for other kinds
 */
public record Feedback(
        Kind kind, Parameter weight, @Nullable Parameter fixed) {
    /** Which weights errors come back by. */
    public enum Kind {
        /** The same as forward: the gradient. */
        EXACT,
        /** Random ones that never change, drawn like initial weights: feedback alignment (Lillicrap et al., 2016). */
        RANDOM,
        /** The signs of the forward ones as they are in each step: sign symmetry (Liao, Leibo and Poggio, 2016). */
        SIGNS
    }

    /** From here on streams of random numbers are those of fixed weights: initial weights have the ones below. */
    private static final int FIRST_STREAM = 1 << 20;

    /**
     * {@return feedback through a weight}
     *
     * @param kind which weights
     * @param scope owner of fixed ones
     * @param weight by which activity goes forward
     */
    public static Feedback of(Kind kind, Scope scope, Parameter weight) {
        if (kind != Kind.RANDOM) {
            return new Feedback(kind, weight, null);
        }
        Precision precision = weight.rounded() == null ? Precision.F32 : Precision.BF16;
        String name = weight.name() + "_backward";
        return new Feedback(
                kind,
                weight,
                Parameter.weight(scope, name, weight.stored(), weight.value().shape(), precision));
    }

    /**
     * Draws fixed weights, uniform in {@code +-1/sqrt(fan_in)} as PyTorch draws initial ones. Called once, before a step is computed.
     *
     * @param device where they are
     * @param seed key of the random numbers
     * @param stream by which the forward ones were drawn
     * @param fanIn by which their bound was
     */
    public void initialize(Device device, long seed, int stream, int fanIn) {
        if (fixed != null) {
            double bound = 1 / Math.sqrt(fanIn);
            device.run(device.random().uniform(fixed.value(), bound, seed, FIRST_STREAM + stream));
            Parameter.renewRounded(device, List.of(fixed));
        }
    }

    /**
     * A step's feedback.
     *
     * @param operations what puts it there, before the weight is updated
     * @param weights what products read
     */
    public record Planned(List<Operation> operations, Tensor weights) {}

    /**
     * Plans a step's feedback.
     *
     * @param device where it is computed
     * @param workspace memory of signs
     * @return the operations, and the tensor that they leave the weights in
     */
    public Planned plan(Device device, Workspace workspace) {
        if (fixed != null) {
            return new Planned(List.of(), fixed.operand());
        }
        if (kind == Kind.EXACT) {
            return new Planned(List.of(), weight.operand());
        }
        DataType type = weight.operand().type();
        Tensor signs = workspace.tensor(type, weight.value().shape());
        return new Planned(List.of(device.optimizer().sign(signs, weight.value())), signs);
    }
}
