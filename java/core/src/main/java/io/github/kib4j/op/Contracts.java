package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The shapes and types of every operation's arguments, checked in this one place for all backends before they plan anything.
 * Each method throws {@link IllegalArgumentException} with operation, argument and expectation.
 */
public final class Contracts {
    private static final Shape SCALAR = Shape.of(1);

    private Contracts() {}

    private static void require(boolean holds, String operation, String message) {
        if (!holds) {
            throw new IllegalArgumentException(operation + ": " + message + ".");
        }
    }

    private static void shape(String operation, String argument, Tensor tensor, Shape expected) {
        require(
                tensor.shape().equals(expected),
                operation,
                argument + " must be " + expected + ", but is " + tensor.shape());
    }

    private static void floating(String operation, String argument, Tensor tensor) {
        require(
                tensor.type().isFloating(),
                operation,
                argument + " must hold floating-point numbers, but holds " + tensor.type());
    }

    private static void type(String operation, String argument, Tensor tensor, DataType expected) {
        boolean same = tensor.type() == expected || (expected == DataType.F32 && tensor.type() == DataType.F64);
        require(same, operation, argument + " must be " + expected + ", but is " + tensor.type());
    }

    private static void vector(String operation, String argument, @Nullable Tensor tensor, int size) {
        if (tensor != null) {
            shape(operation, argument, tensor, Shape.of(size));
            type(operation, argument, tensor, DataType.F32);
        }
    }

    private static void sameType(String operation, String first, Tensor a, String second, Tensor b) {
        require(
                a.type() == b.type(),
                operation,
                first + " (" + a.type() + ") and " + second + " (" + b.type() + ") must have one type");
    }

    private static int batch(Tensor tensor) {
        return tensor.shape().extent(0);
    }

    /**
     * Checks {@link LinearOps}. {@code y} and {@code x} stand for their gradients too.
     *
     * @param operation its name, for messages
     * @param y output
     * @param x input
     * @param w weights
     * @param bias null for none
     */
    public static void linear(String operation, Tensor y, Tensor x, Tensor w, @Nullable Tensor bias) {
        require(x.shape().rank() >= 2, operation, "x must be [B, ...], but is " + x.shape());
        require(
                w.shape().rank() == x.shape().rank()
                        && w.shape().row().equals(x.shape().row()),
                operation,
                "w must have rows of " + x.shape().row() + " like x, but is " + w.shape());
        shape(operation, "y", y, Shape.of(batch(x), w.shape().extent(0)));
        floating(operation, "x", x);
        floating(operation, "y", y);
        operand(operation, "w", w, x);
        vector(operation, "bias", bias, w.shape().extent(0));
    }

    private static void operand(String operation, String argument, Tensor weight, Tensor x) {
        if (weight.type() != x.type()) {
            type(operation, argument, weight, DataType.F32);
        }
    }

    /**
     * Checks {@link ConvolutionOps}. {@code y} and {@code x} stand for their gradients too.
     *
     * @param operation its name, for messages
     * @param y output
     * @param x input
     * @param weight filters
     * @param bias null for none
     */
    public static void convolution(String operation, Tensor y, Tensor x, Tensor weight, @Nullable Tensor bias) {
        require(x.shape().rank() == 4, operation, "x must be [B, C, H, W], but is " + x.shape());
        require(weight.shape().rank() == 4, operation, "weight must be [N, C, k, k], but is " + weight.shape());
        int k = weight.shape().extent(2);
        require(
                k % 2 == 1 && weight.shape().extent(3) == k,
                operation,
                "the kernel must be square and odd, but weight is " + weight.shape());
        int n = weight.shape().extent(0);
        shape(operation, "weight", weight, Shape.of(n, x.shape().extent(1), k, k));
        shape(
                operation,
                "y",
                y,
                Shape.of(batch(x), n, x.shape().extent(2), x.shape().extent(3)));
        floating(operation, "x", x);
        sameType(operation, "x", x, "y", y);
        operand(operation, "weight", weight, x);
        vector(operation, "bias", bias, n);
    }

    /**
     * Checks {@link BatchNormOps}.
     *
     * @param operation its name, for messages
     * @param y output
     * @param a pre-activations
     * @param parameters learned and running numbers
     * @param saved what the forward pass left
     */
    public static void batchNorm(
            String operation,
            Tensor y,
            Tensor a,
            BatchNormOps.Parameters parameters,
            BatchNormOps.@Nullable Saved saved) {
        require(
                a.shape().rank() == 2 || a.shape().rank() == 4,
                operation,
                "a must be [B, C] or [B, C, H, W], but is " + a.shape());
        shape(operation, "y", y, a.shape());
        floating(operation, "a", a);
        sameType(operation, "a", a, "y", y);
        int channels = a.shape().extent(1);
        vector(operation, "scale", parameters.scale(), channels);
        vector(operation, "shift", parameters.shift(), channels);
        vector(operation, "runningMean", parameters.runningMean(), channels);
        vector(operation, "runningVariance", parameters.runningVariance(), channels);
        if (saved != null) {
            vector(operation, "saved mean", saved.mean(), channels);
            vector(operation, "saved variance", saved.variance(), channels);
            type(operation, "saved mean", saved.mean(), DataType.F64);
            type(operation, "saved variance", saved.variance(), DataType.F64);
            require(y != a, operation, "y must not be the memory of a, which the gradient reads again");
        }
    }

    /**
     * Checks the gradient of {@link BatchNormOps}.
     *
     * @param da receives the gradient with respect to {@code a}
     * @param dscale receives the gradient with respect to the scale
     * @param dshift receives the gradient with respect to the shift
     * @param dy gradient with respect to {@code y}
     * @param a pre-activations
     * @param parameters learned and running numbers
     * @param saved what the forward pass left
     */
    public static void batchNormGradient(
            Tensor da,
            Tensor dscale,
            Tensor dshift,
            Tensor dy,
            Tensor a,
            BatchNormOps.Parameters parameters,
            BatchNormOps.Saved saved) {
        String operation = "batchNorm.gradient";
        batchNorm(operation, dy, a, parameters, saved);
        shape(operation, "da", da, a.shape());
        sameType(operation, "a", a, "da", da);
        vector(operation, "dscale", dscale, a.shape().extent(1));
        vector(operation, "dshift", dshift, a.shape().extent(1));
    }

    /**
     * {@return the shape that pooling leaves of pre-activations {@code a}}
     *
     * @param operation its name, for messages
     * @param a pre-activations
     * @param pooling what follows the activation
     */
    public static Shape pooled(String operation, Shape a, Pooling pooling) {
        if (pooling == Pooling.NONE) {
            require(a.rank() == 2 || a.rank() == 4, operation, "a must be [B, N] or [B, C, H, W], but is " + a);
            return a;
        }
        require(
                a.rank() == 4 && a.extent(2) >= 2 && a.extent(3) >= 2,
                operation,
                "2x2 pooling needs [B, C, H, W] with H and W of at least 2, but a is " + a);
        return Shape.of(a.extent(0), a.extent(1), a.extent(2) / 2, a.extent(3) / 2);
    }

    /**
     * Checks {@link ActivityOps}; {@code a} stands for its gradient too.
     *
     * @param operation its name, for messages
     * @param buffers what the pass writes
     * @param a pre-activations
     * @param spec what is computed
     * @param clock the run's clock; null where nothing needs it
     */
    public static void activity(
            String operation, ActivityOps.Buffers buffers, Tensor a, ActivityOps.Spec spec, @Nullable Clock clock) {
        floating(operation, "a", a);
        Shape out = pooled(operation, a.shape(), spec.pooling());
        shape(operation, "post", buffers.post(), out);
        shape(operation, "mask", buffers.mask(), out);
        shape(operation, "sent", buffers.sent(), out);
        type(operation, "mask", buffers.mask(), DataType.U8);
        sameType(operation, "a", a, "post", buffers.post());
        sameType(operation, "a", a, "sent", buffers.sent());
        require(
                spec.dropout().isNone() || buffers.sent() == buffers.post() || clock != null,
                operation,
                "dropout needs a clock");
        require(
                spec.dropout().isNone() || buffers.sent() != buffers.post(),
                operation,
                "with dropout, sent needs memory of its own");
        Grouping grouping = spec.grouping();
        if (grouping == null) {
            return;
        }
        int units = out.rowSize();
        require(
                units % grouping.groups() == 0 && units / grouping.groups() >= 2,
                operation,
                grouping.groups() + " groups do not divide " + units + " activities into equal groups of at least 2");
        Shape groups = Shape.of(batch(a), grouping.groups());
        groupTensor(operation, "mean", buffers.mean(), groups, DataType.F64);
        groupTensor(operation, "scale", buffers.scale(), groups, DataType.F32);
        groupTensor(operation, "code", buffers.code(), groups, DataType.F32);
    }

    private static void groupTensor(
            String operation, String argument, @Nullable Tensor tensor, Shape groups, DataType type) {
        require(tensor != null, operation, argument + " is missing, but there are groups");
        if (tensor != null) {
            shape(operation, argument, tensor, groups);
            type(operation, argument, tensor, type);
        }
    }

    /**
     * Checks {@link ActivityOps#hebbianGradient}.
     *
     * @param da receives the gradient with respect to {@code a}
     * @param a pre-activations
     * @param saved what the forward pass left
     * @param du gradient with respect to the codes
     * @param spec what is computed
     */
    public static void hebbianGradient(
            Tensor da, @Nullable Tensor a, ActivityOps.Buffers saved, Tensor du, ActivityOps.Spec spec) {
        String operation = "activity.hebbianGradient";
        activity(
                operation,
                saved,
                da,
                new ActivityOps.Spec(spec.activation(), spec.pooling(), spec.grouping(), Dropout.NONE, 0, 0),
                null);
        preActivation(operation, da, a, spec);
        Tensor code = saved.code() == null ? saved.post() : saved.code();
        shape(operation, "du", du, code.shape());
        sameType(operation, "du", du, "code", code);
    }

    /**
     * Checks {@link ActivityOps#outputGradient}.
     *
     * @param da receives the gradient with respect to {@code a}
     * @param a pre-activations
     * @param saved what the forward pass left
     * @param dsent gradient with respect to what was sent
     * @param spec what is computed
     * @param clock the run's clock; null where nothing needs it
     */
    public static void outputGradient(
            Tensor da,
            @Nullable Tensor a,
            ActivityOps.Buffers saved,
            Tensor dsent,
            ActivityOps.Spec spec,
            @Nullable Clock clock) {
        String operation = "activity.outputGradient";
        activity(operation, saved, da, spec, clock);
        preActivation(operation, da, a, spec);
        shape(operation, "dsent", dsent, saved.sent().shape());
        sameType(operation, "dsent", dsent, "sent", saved.sent());
    }

    private static void preActivation(String operation, Tensor da, @Nullable Tensor a, ActivityOps.Spec spec) {
        require(a != null || spec.pooling() != Pooling.AVERAGE, operation, "average pooling needs a");
        if (a != null) {
            shape(operation, "a", a, da.shape());
        }
    }

    /**
     * Checks {@link GramOps#dependence}.
     *
     * @param value receives the value
     * @param x samples of one variable
     * @param y samples of the other
     */
    public static void dependence(Tensor value, Tensor x, Tensor y) {
        String operation = "gram.dependence";
        floating(operation, "x", x);
        floating(operation, "y", y);
        require(
                x.shape().rank() >= 2 && y.shape().rank() >= 2 && batch(x) == batch(y),
                operation,
                "x and y must be [B, ...] with one B, but are " + x.shape() + " and " + y.shape());
        shape(operation, "value", value, SCALAR);
        type(operation, "value", value, DataType.F64);
    }

    private static void square(String operation, String argument, Tensor tensor, int size) {
        shape(operation, argument, tensor, Shape.of(size, size));
        type(operation, argument, tensor, DataType.F32);
    }

    private static void teaching(String operation, Teaching teaching, int batch) {
        if (teaching instanceof Teaching.Classes classes) {
            labels(operation, classes.labels(), batch);
            require(classes.classes() >= 2 || !classes.centred(), operation, "centred labels need at least 2 classes");
        } else if (teaching instanceof Teaching.Targets targets) {
            Tensor y = targets.targets();
            require(
                    y.shape().rank() == 2 && batch(y) == batch,
                    operation,
                    "targets must be [" + batch + ", M], but are " + y.shape());
            type(operation, "targets", y, DataType.F32);
        } else if (teaching instanceof Teaching.Similarity similarity) {
            square(operation, "similarity", similarity.similarity(), batch);
        }
    }

    private static void labels(String operation, Tensor labels, int batch) {
        shape(operation, "labels", labels, Shape.of(batch));
        type(operation, "labels", labels, DataType.I32);
    }

    private static void objective(
            String operation,
            Tensor du,
            Tensor value,
            Tensor u,
            Teaching teaching,
            @Nullable Meter meter,
            int firstSlots) {
        require(u.shape().rank() >= 2, operation, "u must be [B, ...], but is " + u.shape());
        floating(operation, "u", u);
        shape(operation, "du", du, u.shape());
        sameType(operation, "u", u, "du", du);
        shape(operation, "value", value, Shape.of(3));
        type(operation, "value", value, DataType.F64);
        teaching(operation, teaching, batch(u));
        if (meter != null) {
            meter(operation, meter, firstSlots);
        }
    }

    private static void meter(String operation, Meter meter, int slots) {
        type(operation, "sums", meter.sums(), DataType.F64);
        require(
                meter.slot() >= 0
                        && meter.slot() + slots <= meter.sums().shape().size(),
                operation,
                "slot " + meter.slot() + " does not fit sums of " + meter.sums().shape());
    }

    /**
     * Checks {@link ObjectiveOps#gradient} and returns the form to use: the wanted one, or the cheaper one for AUTO.
     *
     * @param du gradient with respect to the codes
     * @param value receives the value
     * @param u codes
     * @param teaching gives the similarity of wanted outputs
     * @param spec what is computed
     * @param form how it is computed
     * @param meter adds up the loss; null for nothing
     * @return the form that computes it: never {@code AUTO}
     */
    public static ObjectiveOps.Form objectiveGradient(
            Tensor du,
            Tensor value,
            Tensor u,
            Teaching teaching,
            ObjectiveOps.Spec spec,
            ObjectiveOps.Form form,
            @Nullable Meter meter) {
        String operation = "objective.gradient";
        objective(operation, du, value, u, teaching, meter, 1);
        String obstacle = gramFreeObstacle(teaching, spec);
        require(form != ObjectiveOps.Form.GRAM_FREE || obstacle == null, operation, "the Gram-free form " + obstacle);
        if (form != ObjectiveOps.Form.AUTO) {
            return form;
        }
        long batch = batch(u);
        long width = u.shape().rowSize();
        long outputs = outputs(teaching);
        boolean cheaper = width * width + width * outputs < batch * width;
        return obstacle == null && cheaper ? ObjectiveOps.Form.GRAM_FREE : ObjectiveOps.Form.GRAM;
    }

    /** Returns why statistics cannot replace Gram matrices; null if they can. */
    private static @Nullable String gramFreeObstacle(Teaching teaching, ObjectiveOps.Spec spec) {
        if (spec.kernel().kind() == Kernel.Kind.GAUSSIAN) {
            return "does not exist for the Gaussian kernel on codes";
        }
        if (teaching instanceof Teaching.Similarity) {
            return "does not exist for a given similarity";
        }
        if (teaching instanceof Teaching.Targets targets && targets.kernel().kind() == Kernel.Kind.GAUSSIAN) {
            return "does not exist for the Gaussian kernel on target vectors";
        }
        return null;
    }

    /**
     * {@return {@code M} of a teaching signal that has it}
     *
     * @param teaching gives the similarity of wanted outputs
     */
    public static int outputs(Teaching teaching) {
        if (teaching instanceof Teaching.Classes classes) {
            return classes.classes();
        }
        return teaching instanceof Teaching.Targets targets
                ? targets.targets().shape().extent(1)
                : 0;
    }

    /**
     * Checks {@link ObjectiveOps#codeStatistics}.
     *
     * @param out receives the statistics
     * @param u codes
     * @param teaching gives the similarity of wanted outputs
     * @param spec what is computed
     */
    public static void codeStatistics(
            ObjectiveOps.Statistics out, Tensor u, Teaching teaching, ObjectiveOps.Spec spec) {
        statistics("objective.codeStatistics", out, u, teaching, spec);
    }

    private static void statistics(
            String operation, ObjectiveOps.Statistics out, Tensor u, Teaching teaching, ObjectiveOps.Spec spec) {
        require(u.shape().rank() >= 2, operation, "u must be [B, ...], but is " + u.shape());
        floating(operation, "u", u);
        String obstacle = gramFreeObstacle(teaching, spec);
        require(obstacle == null, operation, "a gradient from statistics " + obstacle);
        teaching(operation, teaching, batch(u));
        int g = u.shape().rowSize();
        int m = outputs(teaching);
        shape(operation, "count", out.count(), SCALAR);
        shape(operation, "codeSum", out.codeSum(), Shape.of(g));
        shape(operation, "codeProducts", out.codeProducts(), Shape.of(g, g));
        shape(operation, "teachingProducts", out.teachingProducts(), Shape.of(m, g));
        shape(operation, "teachingSum", out.teachingSum(), Shape.of(m));
        Tensor squared = out.teachingProductsSquared();
        require(
                squared != null || !(teaching instanceof Teaching.Targets),
                operation,
                "target vectors need teachingProductsSquared");
        if (squared != null) {
            shape(operation, "teachingProductsSquared", squared, Shape.of(m, m));
        }
        for (Tensor tensor :
                new Tensor[] {out.count(), out.codeSum(), out.codeProducts(), out.teachingProducts(), out.teachingSum()
                }) {
            type(operation, "statistics", tensor, DataType.F64);
        }
    }

    /**
     * Checks {@link ObjectiveOps#gradientFromStatistics}.
     *
     * @param du gradient with respect to the codes
     * @param value receives the value
     * @param u codes
     * @param teaching gives the similarity of wanted outputs
     * @param statistics sums over samples
     * @param spec what is computed
     * @param meter adds up the loss; null for nothing
     */
    public static void gradientFromStatistics(
            Tensor du,
            Tensor value,
            Tensor u,
            Teaching teaching,
            ObjectiveOps.Statistics statistics,
            ObjectiveOps.Spec spec,
            @Nullable Meter meter) {
        objective("objective.gradientFromStatistics", du, value, u, teaching, meter, 1);
        statistics("objective.gradientFromStatistics", statistics, u, teaching, spec);
    }

    /**
     * Checks {@link OptimizerOps#step}.
     *
     * @param spec what is computed
     * @param slots parameters with gradient and state
     * @param learningRate the rate
     * @param clock the run's clock; null where nothing needs it
     */
    public static void optimizerStep(
            OptimizerOps.Spec spec, List<OptimizerOps.Slot> slots, Tensor learningRate, Clock clock) {
        String operation = "optimizer.step";
        shape(operation, "learningRate", learningRate, SCALAR);
        type(operation, "learningRate", learningRate, DataType.F64);
        shape(operation, "clock", clock.now(), Shape.of(3));
        for (OptimizerOps.Slot slot : slots) {
            Shape shape = slot.parameter().shape();
            type(operation, "parameter", slot.parameter(), DataType.F32);
            shape(operation, "gradient", slot.gradient(), shape);
            state(operation, "first state", slot.first(), shape, spec.states() > 0);
            state(operation, "second state", slot.second(), shape, spec.states() > 1);
            if (slot.rounded() != null) {
                rounding(operation, slot.rounded(), slot.parameter());
            }
        }
    }

    /**
     * Checks {@link OptimizerOps#round}.
     *
     * @param operation its name, for messages
     * @param rounded receives rounded numbers
     * @param value receives the value
     */
    public static void rounding(String operation, Tensor rounded, Tensor value) {
        shape(operation, "rounded", rounded, value.shape());
        if (rounded.type() != DataType.F64) { // the reference's
            type(operation, "rounded", rounded, DataType.BF16);
        }
        type(operation, "value", value, DataType.F32);
    }

    private static void state(String operation, String argument, @Nullable Tensor state, Shape shape, boolean needed) {
        require(state != null || !needed, operation, "the " + argument + " is missing");
        if (state != null) {
            shape(operation, argument, state, shape);
        }
    }

    /**
     * Checks {@link ReadoutOps#crossEntropy}.
     *
     * @param dy gradient with respect to {@code y}
     * @param y output
     * @param labels classes
     * @param meter adds up the loss; null for nothing
     */
    public static void crossEntropy(@Nullable Tensor dy, Tensor y, Tensor labels, Meter meter) {
        String operation = "readout.crossEntropy";
        require(y.shape().rank() == 2, operation, "y must be [B, M], but is " + y.shape());
        type(operation, "y", y, DataType.F32);
        labels(operation, labels, batch(y));
        meter(operation, meter, 2);
        if (dy != null) {
            shape(operation, "dy", dy, y.shape());
            floating(operation, "dy", dy);
        }
    }

    /**
     * Checks {@link AugmentationOps#batch}.
     *
     * @param x input
     * @param labels classes
     * @param images all images
     * @param allLabels all labels
     * @param order which image comes when; null for the data set's own order
     * @param spec what is computed
     * @param clock the run's clock; null where nothing needs it
     */
    public static void augmentation(
            Tensor x,
            Tensor labels,
            Tensor images,
            Tensor allLabels,
            @Nullable Tensor order,
            AugmentationOps.Spec spec,
            Clock clock) {
        String operation = "augmentation.batch";
        require(images.shape().rank() == 4, operation, "images must be [count, C, H, W], but are " + images.shape());
        type(operation, "images", images, DataType.U8);
        shape(operation, "x", x, images.shape().withFirst(batch(x)));
        floating(operation, "x", x);
        labels(operation, labels, batch(x));
        labels(operation, allLabels, batch(images));
        if (order != null) {
            type(operation, "order", order, DataType.I32);
        }
        int channels = images.shape().extent(1);
        require(
                spec.mean().size() == channels && spec.deviation().size() == channels,
                operation,
                "normalization needs a mean and a deviation for each of " + channels + " channels");
        require(spec.padding() >= 0, operation, "padding must not be negative, but is " + spec.padding());
        shape(operation, "clock", clock.now(), Shape.of(3));
    }

    /**
     * Checks {@link RandomOps#uniform}.
     *
     * @param w weights
     */
    public static void uniform(Tensor w) {
        type("random.uniform", "w", w, DataType.F32);
    }
}
