package io.github.kib4j.layer;

import io.github.kib4j.op.Meter;
import io.github.kib4j.op.Operation;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The readout's planned pass of a batch: logits, softmax cross-entropy, gradients. */
public final class ReadoutPass {
    private final Readout readout;
    private final Tensor x;
    private final Tensor logits;
    private final Tensor dlogits;

    ReadoutPass(Readout readout, Tensor x, Buffers buffers) {
        this.readout = readout;
        this.x = x;
        int batch = x.shape().extent(0);
        Shape row = readout.bias().value().shape();
        logits = buffers.get("logits", DataType.F32, row, batch);
        dlogits = buffers.get("dlogits", buffers.activations(), row, batch);
    }

    /** {@return the logits {@code [B, M]}, F32} */
    public Tensor logits() {
        return logits;
    }

    /**
     * Plans the logits.
     *
     * @return the planned operation
     */
    public Operation forward() {
        return readout.device()
                .linear()
                .forward(logits, x, readout.weight().operand(), readout.bias().value());
    }

    /**
     * Plans the loss alone, added up by the meter.
     *
     * @param labels {@code [B]}, I32
     * @param meter adds up the loss; null for nothing
     * @return the planned operation
     */
    public Operation loss(Tensor labels, Meter meter) {
        return readout.device().readout().crossEntropy(null, logits, labels, meter);
    }

    /**
     * Plans the loss and its gradient with respect to the readout's parameters and, if {@code dx} is given, its input.
     *
     * @param labels {@code [B]}, I32
     * @param meter adds up the loss; null for nothing
     * @param dx receives the gradient with respect to the readout's input; null where nobody needs it
     * @return the planned operations, in order
     */
    public List<Operation> lossAndGradient(Tensor labels, Meter meter, @Nullable Tensor dx) {
        List<Operation> operations = new ArrayList<>();
        operations.add(readout.device().readout().crossEntropy(dlogits, logits, labels, meter));
        operations.add(readout.device()
                .linear()
                .weightGradient(readout.weight().gradient(), readout.bias().gradient(), dlogits, x));
        if (dx != null) {
            operations.add(readout.device()
                    .linear()
                    .dataGradient(dx, dlogits, readout.weight().operand()));
        }
        return operations;
    }
}
