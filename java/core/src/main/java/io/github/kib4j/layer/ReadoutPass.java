package io.github.kib4j.layer;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.Gradients;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The readout's planned pass of a batch: logits, softmax cross-entropy, gradients. */
public final class ReadoutPass {
    private final Readout readout;
    private final Device device;
    private final Workspace workspace;
    private final Tensor x;
    private final Tensor logits;

    ReadoutPass(Readout readout, Tensor x, Workspace workspace) {
        this.readout = readout;
        this.workspace = workspace;
        this.x = x;
        device = readout.device();
        logits = workspace.tensor(DataType.F32, shape());
    }

    private Shape shape() {
        return readout.bias().value().shape().prepend(x.shape().extent(0));
    }

    /** {@return the logits {@code [B, M]}, F32} Who reads them after the program has run {@linkplain Workspace#keep keeps} them. */
    public Tensor logits() {
        return logits;
    }

    /**
     * Plans the logits.
     *
     * @return the planned operation
     */
    public Operation forward() {
        return device.product()
                .forward(logits, x, readout.weight().operand(), readout.bias().value(), Geometry.LINEAR);
    }

    /**
     * Plans the loss alone, added up by the meter.
     *
     * @param labels {@code [B]}, I32
     * @param meter adds up the loss
     * @return the planned operation
     */
    public Operation loss(Tensor labels, Meter meter) {
        return device.readout().crossEntropy(null, logits, labels, meter);
    }

    /**
     * Plans the loss and its gradient with respect to the readout's parameters and, if {@code dx} is given, its input.
     *
     * @param labels {@code [B]}, I32, or shares of classes {@code [B, M]}, F32
     * @param smoothing of labels
     * @param meter adds up the loss
     * @param dx receives the gradient with respect to the readout's input; null where nobody needs it
     * @param feedback what it comes back by: the readout's weights, or others of their shape; null where nobody needs it
     * @param gradients receive those of the readout's parameters
     * @return the planned operations, in order: first the loss
     */
    public List<Operation> lossAndGradient(
            Tensor labels,
            double smoothing,
            Meter meter,
            @Nullable Tensor dx,
            @Nullable Tensor feedback,
            Gradients gradients) {
        List<Operation> operations = new ArrayList<>();
        Tensor dlogits = workspace.tensor(x.type(), shape());
        operations.add(device.readout().crossEntropy(dlogits, logits, labels, smoothing, meter));
        operations.add(device.product()
                .weightGradient(
                        gradients.of(readout.weight()), gradients.of(readout.bias()), dlogits, x, Geometry.LINEAR));
        if (dx != null && feedback != null) {
            operations.add(device.product().dataGradient(dx, dlogits, feedback, Geometry.LINEAR));
        }
        return operations;
    }
}
