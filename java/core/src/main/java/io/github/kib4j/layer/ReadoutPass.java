package io.github.kib4j.layer;

import io.github.kib4j.layer.Readout.Source;
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
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The readout's planned pass of a batch: logits, softmax cross-entropy, gradients. */
public final class ReadoutPass {
    private final Readout readout;
    private final Device device;
    private final Workspace workspace;
    private final List<Tensor> sent;
    /** What is read of each source, pooled where it is. */
    private final List<Tensor> read = new ArrayList<>();

    private final Tensor logits;
    private final Tensor dlogits;

    /** Plans the readout of what hidden layers send. */
    ReadoutPass(Readout readout, List<Tensor> sent, Workspace workspace) {
        this.readout = readout;
        this.workspace = workspace;
        this.sent = sent;
        device = readout.device();
        int batch = sent.get(0).shape().extent(0);
        for (Source source : readout.sources()) {
            Tensor whole = sent.get(source.layer());
            Shape shape = source.read().prepend(batch);
            read.add(shape.equals(whole.shape()) ? whole : workspace.tensor(whole.type(), shape));
        }
        Shape outputs = readout.bias().value().shape().prepend(batch);
        logits = workspace.tensor(DataType.F32, outputs);
        dlogits = workspace.tensor(sent.get(0).type(), outputs);
    }

    /** {@return the logits {@code [B, M]}, F32} Who reads them after the program has run {@linkplain Workspace#keep keeps} them. */
    public Tensor logits() {
        return logits;
    }

    /**
     * Plans what a hidden layer adds to the logits, to be computed behind its pass and those before it; nothing where it is not read.
     * After the last layer the logits are whole.
     *
     * @param layer number of the hidden layer, from 0
     * @return the planned operations, in order
     */
    public List<Operation> forward(int layer) {
        List<Operation> operations = new ArrayList<>();
        int index = indexOf(layer);
        if (index < 0) {
            return operations;
        }
        Source source = readout.sources().get(index);
        Tensor x = read.get(index);
        if (x != sent.get(layer)) {
            operations.add(device.readout().averagePool(x, sent.get(layer)));
        }
        Tensor y = index == 0 ? logits : workspace.tensor(DataType.F32, logits.shape());
        Tensor bias = index == 0 ? readout.bias().value() : null;
        operations.add(device.product().forward(y, x, source.weight().operand(), bias, Geometry.LINEAR));
        if (y != logits) {
            operations.add(device.readout().add(logits, y));
        }
        return operations;
    }

    /**
     * Plans the logits, once all hidden layers have been passed.
     *
     * @return the planned operations, in order
     */
    public List<Operation> forward() {
        return IntStream.range(0, sent.size())
                .mapToObj(this::forward)
                .flatMap(List::stream)
                .toList();
    }

    /** Returns which of the readout's sources a hidden layer is; -1 if it is none. */
    private int indexOf(int layer) {
        return IntStream.range(0, read.size())
                .filter(i -> readout.sources().get(i).layer() == layer)
                .findFirst()
                .orElse(-1);
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
     * Plans the loss and its gradient with respect to the readout's parameters.
     *
     * @param labels {@code [B]}, I32, or shares of classes {@code [B, M]}, F32
     * @param smoothing of labels
     * @param weights of classes {@code [M]}, F32; null for none
     * @param meter adds up the loss
     * @param gradients receive those of the readout's parameters
     * @return the planned operations, in order: first the loss
     */
    public List<Operation> lossAndGradient(
            Tensor labels, double smoothing, @Nullable Tensor weights, Meter meter, Gradients gradients) {
        List<Operation> operations = new ArrayList<>();
        operations.add(device.readout().crossEntropy(dlogits, logits, labels, smoothing, weights, meter));
        for (int i = 0; i < read.size(); i++) {
            operations.add(device.product()
                    .weightGradient(
                            gradients.of(readout.sources().get(i).weight()),
                            i == 0 ? gradients.of(readout.bias()) : null,
                            dlogits,
                            read.get(i),
                            Geometry.LINEAR));
        }
        return operations;
    }

    /**
     * {@return whether the readout reads a hidden layer}
     *
     * @param layer its number, from 0
     */
    public boolean reads(int layer) {
        return indexOf(layer) >= 0;
    }

    /**
     * Plans the gradient of the loss with respect to what a hidden layer that is read sends, as far as it comes from the readout.
     *
     * @param layer number of the hidden layer, from 0
     * @param dsent receives the gradient
     * @param feedback what it comes back by: the readout's weights, or others of their shapes, in their order
     * @return the planned operations, in order
     */
    public List<Operation> backward(int layer, Tensor dsent, List<Tensor> feedback) {
        int index = indexOf(layer);
        Tensor x = read.get(index);
        boolean pooled = x != sent.get(layer);
        Tensor dx = pooled ? workspace.tensor(x.type(), x.shape()) : dsent;
        List<Operation> operations = new ArrayList<>();
        operations.add(device.product().dataGradient(dx, dlogits, feedback.get(index), Geometry.LINEAR));
        if (pooled) {
            operations.add(device.readout().averagePoolGradient(dsent, dx));
        }
        return operations;
    }
}
