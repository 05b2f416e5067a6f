package io.github.kib4j.layer;

import io.github.kib4j.op.Activation;
import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Gradients;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One layer's planned pass of a batch: forward, and from a third factor or an output gradient to the gradients of the layer's
 * parameters.
 */
public final class LayerPass {
    /** What a pass is for. */
    public enum Use {
        /** Evaluation: running statistics, no dropout, no gradient. */
        INFERENCE,
        /** Evaluation that keeps the {@linkplain LayerPass#activity activity} beside the codes and what is sent. */
        INFERENCE_WITH_ACTIVITY,
        /** A training step. */
        TRAINING,
        /** A training step whose objective sees the activity {@code z} itself, also where it is divisively normalized afterwards. */
        TRAINING_BY_ACTIVITY;

        private boolean isInference() {
            return this == INFERENCE || this == INFERENCE_WITH_ACTIVITY;
        }
    }

    private final HiddenLayer layer;
    private final Device device;
    private final LayerSpec spec;
    private final Workspace workspace;
    private final Tensor x;
    private final Tensor a;
    /** What the activation reads: {@code a}, batch-normalized where wanted. */
    private final Tensor activationInput;

    private final BatchNormOps.@Nullable Saved saved;
    private final ActivityOps.Spec activity;
    private final ActivityOps.Buffers out;
    private final ActivityOps.@Nullable Spec normalization;
    private final ActivityOps.@Nullable Buffers normalized;
    private final @Nullable Clock clock;
    private final List<Operation> forward = new ArrayList<>();

    /**
     * Plans the forward pass.
     *
     * @param x the layer's input {@code [B, ...]}
     * @param clock null for inference
     */
    LayerPass(HiddenLayer layer, Tensor x, Workspace workspace, Use use, long seed, @Nullable Clock clock) {
        this.layer = layer;
        this.device = layer.device();
        this.spec = layer.spec();
        this.workspace = workspace;
        this.x = x;
        int batch = x.shape().extent(0);
        Shape shape = spec.preActivation(layer.input()).prepend(batch);
        a = workspace.tensor(x.type(), shape);
        boolean normalizes = layer.batchNorm() != null && !use.isInference();
        activationInput = normalizes ? workspace.tensor(x.type(), shape) : a;
        Shape channels = Shape.of(spec.units());
        saved = normalizes
                ? new BatchNormOps.Saved(
                        workspace.tensor(DataType.F64, channels), workspace.tensor(DataType.F64, channels))
                : null;
        Dropout dropout = use.isInference() ? Dropout.NONE : spec.dropout();
        this.clock = dropout.isNone() ? null : clock;
        Grouping grouping = use == Use.TRAINING_BY_ACTIVITY ? divisive(spec.grouping()) : spec.grouping();
        boolean keepsActivity = use == Use.TRAINING_BY_ACTIVITY || use == Use.INFERENCE_WITH_ACTIVITY;
        if (keepsActivity && divisive(grouping) != null) { // z is kept, and normalized by a second operation
            activity = new ActivityOps.Spec(spec.activation(), spec.pooling(), null, Dropout.NONE, layer.index(), seed);
            out = activityBuffers(x.type(), batch, null, Dropout.NONE);
            normalization =
                    new ActivityOps.Spec(Activation.IDENTITY, Pooling.NONE, grouping, dropout, layer.index(), seed);
            normalized = activityBuffers(x.type(), batch, grouping, dropout);
        } else {
            activity = new ActivityOps.Spec(spec.activation(), spec.pooling(), grouping, dropout, layer.index(), seed);
            out = activityBuffers(x.type(), batch, grouping, dropout);
            normalization = null;
            normalized = null;
        }
        planForward();
    }

    private static @Nullable Grouping divisive(@Nullable Grouping grouping) {
        return grouping != null && grouping.divisive() ? grouping : null;
    }

    private ActivityOps.Buffers activityBuffers(
            DataType type, int batch, @Nullable Grouping grouping, Dropout dropout) {
        Shape shape = spec.output(layer.input()).prepend(batch);
        Tensor sent = workspace.tensor(type, shape);
        Tensor post = dropout.isNone() ? sent : workspace.tensor(type, shape);
        Tensor mask = workspace.tensor(DataType.U8, shape);
        if (grouping == null) {
            return new ActivityOps.Buffers(post, mask, null, null, null, sent);
        }
        Shape groups = Shape.of(batch, grouping.groups());
        return new ActivityOps.Buffers(
                post,
                mask,
                workspace.tensor(DataType.F64, groups),
                workspace.tensor(DataType.F32, groups),
                workspace.tensor(DataType.F32, groups),
                sent);
    }

    private void planForward() {
        Parameter bias = layer.bias();
        forward.add(device.product()
                .forward(a, x, layer.weight().operand(), bias == null ? null : bias.value(), spec.geometry()));
        HiddenLayer.BatchNorm batchNorm = layer.batchNorm();
        if (batchNorm != null) {
            forward.add(
                    saved == null
                            ? device.batchNorm().inference(a, a, batchNorm.parameters())
                            : device.batchNorm().forward(activationInput, saved, a, batchNorm.parameters()));
        }
        if (normalized == null || normalization == null) {
            forward.add(device.activity().forward(out, activationInput, activity, clock));
        } else {
            forward.add(device.activity().forward(out, activationInput, activity, null));
            forward.add(device.activity().forward(normalized, out.post(), normalization, clock));
        }
    }

    /** {@return the operations of the forward pass, in order} */
    public List<Operation> forward() {
        return List.copyOf(forward);
    }

    /**
     * {@return what a local objective sees: the codes {@code u [B, G]}, or {@code z [B, ...]} without grouping, or where it is the
     * activity that it is to see} Who reads them after
     * the program has run {@linkplain Workspace#keep keeps} them before it is compiled.
     */
    public Tensor code() {
        return out.code() == null ? out.post() : out.code();
    }

    /**
     * {@return the codes {@code u [B, G]} also where the pass keeps the activity, or {@code z [B, ...]} without grouping} {@linkplain
     * Workspace#keep Kept} as {@link #code()}.
     */
    public Tensor groupedCode() {
        return normalized == null || normalized.code() == null ? code() : normalized.code();
    }

    /**
     * {@return the activity {@code z [B, ...]}, of a pass that keeps it, or of a layer that does not divide it} {@linkplain
     * Workspace#keep Kept} as {@link #code()}.
     */
    public Tensor activity() {
        return out.post();
    }

    /** {@return what the next layer reads, {@code [B, ...]}} */
    public Tensor sent() {
        return normalized == null ? out.sent() : normalized.sent();
    }

    /**
     * Plans the local gradient: third factor times post-synaptic term times pre-synaptic activity (docs/mathematics.md, section
     * 4).
     *
     * @param du gradient of the objective with respect to {@link #code()}
     * @param gradients receive those of the layer's parameters
     * @return the planned operations, in order
     */
    public List<Operation> localGradient(Tensor du, Gradients gradients) {
        List<Operation> operations = new ArrayList<>();
        Tensor da = activationGradient();
        operations.add(device.activity().hebbianGradient(da, activationInput, out, du, activity));
        addParameterGradients(operations, da, gradients);
        return operations;
    }

    /**
     * Plans backprop through this layer.
     *
     * @param dsent gradient with respect to {@link #sent()}
     * @param dx receives the gradient with respect to the input; null where nobody needs it
     * @param feedback what it comes back by: the layer's weights, or others of their shape; null where nobody needs it
     * @param gradients receive those of the layer's parameters
     * @return the planned operations, in order
     */
    public List<Operation> backwardGradient(
            Tensor dsent, @Nullable Tensor dx, @Nullable Tensor feedback, Gradients gradients) {
        if (normalized != null) {
            throw new IllegalStateException("A pass whose activity is normalized apart has no backward gradient.");
        }
        List<Operation> operations = new ArrayList<>();
        Tensor da = activationGradient();
        operations.add(device.activity().outputGradient(da, activationInput, out, dsent, activity, clock));
        addParameterGradients(operations, da, gradients);
        if (dx != null && feedback != null) {
            operations.add(device.product().dataGradient(dx, da, feedback, spec.geometry()));
        }
        return operations;
    }

    /** Returns where the gradient of the activation's input goes: where it is read, average pooling's lies there still. */
    private Tensor activationGradient() {
        return spec.pooling() == Pooling.AVERAGE
                ? activationInput
                : workspace.tensor(activationInput.type(), activationInput.shape());
    }

    /** From the gradient with respect to the activation's input, in whose place that of {@code a} comes, to the parameters'. */
    private void addParameterGradients(List<Operation> operations, Tensor da, Gradients gradients) {
        HiddenLayer.BatchNorm batchNorm = layer.batchNorm();
        if (batchNorm != null && saved != null) {
            operations.add(device.batchNorm()
                    .gradient(
                            da,
                            gradients.of(batchNorm.scale()),
                            gradients.of(batchNorm.shift()),
                            da,
                            a,
                            batchNorm.parameters(),
                            saved));
        }
        Parameter bias = layer.bias();
        operations.add(device.product()
                .weightGradient(
                        gradients.of(layer.weight()),
                        bias == null ? null : gradients.of(bias),
                        da,
                        x,
                        spec.geometry()));
    }
}
