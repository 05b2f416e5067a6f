package io.github.kib4j.layer;

import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Pooling;
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
    /**
     * The network's largest rows.
     *
     * @param preActivation bytes of the largest sample's pre-activations
     * @param output numbers that the largest layer's output of a sample has
     */
    record LargestRows(long preActivation, long output) {}

    /** How long the forward pass's buffers must live. */
    public enum Use {
        /** Evaluation: running statistics, no dropout, no gradient. */
        INFERENCE,
        /** Until the layer's own update, before the next layer computes anything: pre-activations share memory. */
        LOCAL,
        /** Until a backward pass through all layers. */
        BACKPROP
    }

    private final HiddenLayer layer;
    private final Device device;
    private final LayerSpec spec;
    private final Tensor x;
    private final Tensor a;
    /** What the activation reads: {@code a}, batch-normalized where wanted. */
    private final Tensor activationInput;

    private final BatchNormOps.@Nullable Saved saved;
    private final ActivityOps.Spec activity;
    private final ActivityOps.Buffers out;
    private final @Nullable Clock clock;
    private final List<Operation> forward = new ArrayList<>();

    /**
     * Plans the forward pass.
     *
     * @param x the layer's input {@code [B, ...]}
     * @param largest bytes of the network's largest rows
     * @param clock null for inference
     */
    LayerPass(
            HiddenLayer layer,
            Tensor x,
            Buffers buffers,
            LargestRows largest,
            Use use,
            long seed,
            @Nullable Clock clock) {
        this.layer = layer;
        this.device = layer.device();
        this.spec = layer.spec();
        this.x = x;
        int batch = x.shape().extent(0);
        DataType type = buffers.activations();
        String name = "layer" + layer.index();
        Shape row = spec.preActivation(layer.input());
        boolean keepsInput = use == Use.BACKPROP && (layer.batchNorm() != null || spec.pooling() == Pooling.AVERAGE);
        a = keepsInput
                ? buffers.get(name + ".a", type, row, batch)
                : buffers.shared("pre-activations", largest.preActivation(), name, type, row, batch);
        boolean normalizes = layer.batchNorm() != null && use != Use.INFERENCE;
        activationInput = !normalizes
                ? a
                : spec.pooling() == Pooling.AVERAGE && use == Use.BACKPROP
                        ? buffers.get(name + ".normalized", type, row, batch)
                        : buffers.shared("normalized", largest.preActivation(), name, type, row, batch);
        saved = normalizes
                ? new BatchNormOps.Saved(
                        buffers.fixed(name + ".batchMean", DataType.F64, Shape.of(spec.units())),
                        buffers.fixed(name + ".batchVariance", DataType.F64, Shape.of(spec.units())))
                : null;
        Dropout dropout = use == Use.INFERENCE ? Dropout.NONE : spec.dropout();
        activity =
                new ActivityOps.Spec(spec.activation(), spec.pooling(), spec.grouping(), dropout, layer.index(), seed);
        this.clock = dropout.isNone() ? null : clock;
        out = activityBuffers(buffers, largest, batch, dropout);
        planForward();
    }

    private ActivityOps.Buffers activityBuffers(Buffers buffers, LargestRows largest, int batch, Dropout dropout) {
        String name = "layer" + layer.index();
        Shape row = spec.output(layer.input());
        DataType type = buffers.activations();
        Tensor sent = inTurn(buffers, "sent" + layer.index() % 2, largest.output(), type, row, batch);
        Tensor post = dropout.isNone() ? sent : inTurn(buffers, "post", largest.output(), type, row, batch);
        Tensor mask = inTurn(buffers, "mask", largest.output(), DataType.U8, row, batch);
        Grouping grouping = spec.grouping();
        if (grouping == null) {
            return new ActivityOps.Buffers(post, mask, null, null, null, sent);
        }
        Shape groups = Shape.of(grouping.groups());
        return new ActivityOps.Buffers(
                post,
                mask,
                buffers.get(name + ".mean", DataType.F64, groups, batch),
                buffers.get(name + ".scale", DataType.F32, groups, batch),
                buffers.get(name + ".code", DataType.F32, groups, batch),
                sent);
    }

    /** Returns memory that the layers take in turn, or the layer's own where all layers' activities live. */
    private Tensor inTurn(Buffers buffers, String memory, long largestSize, DataType type, Shape row, int batch) {
        String name = "layer" + layer.index() + "." + memory;
        return buffers.lifetime() == Buffers.Lifetime.STEP
                ? buffers.get(name, type, row, batch)
                : buffers.shared(memory, largestSize * type.bytes(), name, type, row, batch);
    }

    private void planForward() {
        Parameter bias = layer.bias();
        Tensor biasValue = bias == null ? null : bias.value();
        forward.add(
                spec.isConvolution()
                        ? device.convolution().forward(a, x, layer.weight().operand(), biasValue)
                        : device.linear().forward(a, x, layer.weight().operand(), biasValue));
        HiddenLayer.BatchNorm batchNorm = layer.batchNorm();
        if (batchNorm != null) {
            forward.add(
                    saved == null
                            ? device.batchNorm().inference(a, a, batchNorm.parameters())
                            : device.batchNorm().forward(activationInput, saved, a, batchNorm.parameters()));
        }
        forward.add(device.activity().forward(out, activationInput, activity, clock));
    }

    /** {@return the operations of the forward pass, in order} */
    public List<Operation> forward() {
        return List.copyOf(forward);
    }

    /**
     * {@return the codes that a local objective sees: {@code u [B, G]}, or {@code z [B, ...]} without grouping}
     *
     * <p>Codes of a layer without grouping are the layer's activity, which lies where the buffers let it lie: with
     * {@link Buffers.Lifetime#LAYER} in memory that a later layer takes in turn, so that they are to be read before the next
     * layer's {@link #forward} runs; with {@link Buffers.Lifetime#STEP} in memory of their own, to be read after the whole
     * pass. Grouped codes have memory of their own always.
     */
    public Tensor code() {
        return out.code() == null ? out.post() : out.code();
    }

    /** {@return what the next layer reads, {@code [B, ...]}; it lives as long as ungrouped {@linkplain #code() codes}} */
    public Tensor sent() {
        return out.sent();
    }

    /**
     * Plans the local gradient: third factor times post-synaptic term times pre-synaptic activity (docs/mathematics.md, section
     * 4.4).
     *
     * @param du gradient of the objective with respect to {@link #code()}
     * @return the planned operations, in order
     */
    public List<Operation> localGradient(Tensor du) {
        List<Operation> operations = new ArrayList<>();
        operations.add(device.activity().hebbianGradient(activationInput, activationInput, out, du, activity));
        addParameterGradients(operations);
        return operations;
    }

    /**
     * Plans backprop through this layer.
     *
     * @param dsent gradient with respect to {@link #sent()}
     * @param dx receives the gradient with respect to the input; null where nobody needs it
     * @return the planned operations, in order
     */
    public List<Operation> backwardGradient(Tensor dsent, @Nullable Tensor dx) {
        List<Operation> operations = new ArrayList<>();
        operations.add(device.activity().outputGradient(activationInput, activationInput, out, dsent, activity, clock));
        addParameterGradients(operations);
        if (dx != null) {
            operations.add(
                    spec.isConvolution()
                            ? device.convolution()
                                    .dataGradient(
                                            dx, activationInput, layer.weight().operand())
                            : device.linear()
                                    .dataGradient(
                                            dx, activationInput, layer.weight().operand()));
        }
        return operations;
    }

    /** From the gradient with respect to the activation's input, which lies in that input's memory, to the parameters'. */
    private void addParameterGradients(List<Operation> operations) {
        HiddenLayer.BatchNorm batchNorm = layer.batchNorm();
        if (batchNorm != null && saved != null) {
            operations.add(device.batchNorm()
                    .gradient(
                            activationInput,
                            batchNorm.scale().gradient(),
                            batchNorm.shift().gradient(),
                            activationInput,
                            a,
                            batchNorm.parameters(),
                            saved));
        }
        Tensor dweight = layer.weight().gradient();
        Tensor dbias = layer.bias() == null ? null : layer.bias().gradient();
        operations.add(
                spec.isConvolution()
                        ? device.convolution().weightGradient(dweight, dbias, activationInput, x)
                        : device.linear().weightGradient(dweight, dbias, activationInput, x));
    }
}
