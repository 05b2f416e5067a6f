package io.github.kib4j.objective;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Exchange;
import io.github.kib4j.op.Feedback;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.Gradients;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.ReadoutOps;
import io.github.kib4j.op.Signature;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Layer-wise classification (docs/mathematics.md, section 7.3): each layer's activity is told apart by a linear classifier of its own,
 * whose softmax cross-entropy both learn from. Images are average-pooled to at most so many features first. The classifier is
 * learned by the layer's optimizer, and not used for anything else.
 *
 * @param classes {@code M}
 * @param features the most that a classifier reads of an image; a linear layer's units it reads all
 * @param feedback by what the classifier's error comes back to the layer
 * @param smoothing of labels, from 0 to below 1
 */
public record LocalClassification(int classes, int features, Feedback.Kind feedback, double smoothing)
        implements Objective.Kind {
    /** Streams of random numbers of classifiers begin here: those of networks are below. */
    private static final int FIRST_STREAM = 1 << 16;

    /**
     * Checks the numbers.
     *
     * @param classes {@code M}
     * @param features the most that a classifier reads of an image
     * @param feedback by what the classifier's error comes back to the layer
     * @param smoothing of labels
     */
    public LocalClassification {
        if (features < 1) {
            throw new RefusedException("A local classifier needs at least 1 feature, but is to have " + features + ".");
        }
    }

    /**
     * Creates one that learns from labels as they are.
     *
     * @param classes {@code M}
     * @param features the most that a classifier reads of an image
     * @param feedback by what the classifier's error comes back to the layer
     */
    public LocalClassification(int classes, int features, Feedback.Kind feedback) {
        this(classes, features, feedback, 0);
    }

    @Override
    public boolean seesActivity() {
        return true;
    }

    @Override
    public Signature signature() {
        return Signature.of("classification")
                .with("classes", classes)
                .with("features", features)
                .with("feedback", feedback)
                .with("smoothing", smoothing == 0 ? null : smoothing);
    }

    @Override
    public Objective bind(Objective.Place place) {
        Shape pooled = ReadoutOps.pooled("A local classifier", place.code(), features);
        Shape shape = pooled.prepend(classes);
        String name = "hidden_layers." + place.layer() + ".local_loss.projection." + (pooled.rank() == 3 ? 2 : 0);
        Parameter weight = Parameter.weight(
                place.scope(), name + ".weight", Shape.of(classes, shape.rowSize()), shape, place.precision());
        Parameter bias = Parameter.vector(place.scope(), name + ".bias", Shape.of(classes));
        return new Classifier(place, pooled, weight, bias, Feedback.of(feedback, place.scope(), weight), smoothing);
    }

    /** A layer's classifier. */
    private record Classifier(
            Objective.Place place, Shape pooled, Parameter weight, Parameter bias, Feedback feedback, double smoothing)
            implements Objective {
        @Override
        public boolean isMeanOfSamples() {
            return true;
        }

        @Override
        public List<Parameter> parameters() {
            return List.of(weight, bias);
        }

        @Override
        public List<Parameter> fixed() {
            Parameter fixed = feedback.fixed();
            return fixed == null ? List.of() : List.of(fixed);
        }

        @Override
        public void initialize() {
            Device device = place.device();
            int stream = FIRST_STREAM + 2 * place.layer();
            double bound = 1 / Math.sqrt(weight.value().shape().rowSize());
            device.run(
                    device.random().uniform(weight.value(), bound, place.seed(), stream),
                    device.random().uniform(bias.value(), bound, place.seed(), stream + 1));
            Parameter.renewRounded(device, parameters());
            feedback.initialize(
                    device, place.seed(), stream, weight.value().shape().rowSize());
        }

        @Override
        public Planned plan(
                Workspace workspace,
                Gradients gradients,
                Tensor z,
                Teaching teaching,
                Exchange exchange,
                @Nullable Meter meter) {
            if (!(teaching instanceof Teaching.Classes) && !place.teaching().isOfClasses()) {
                throw new RefusedException("Layer-wise classification learns from class labels, and not from "
                        + (teaching instanceof Teaching.Targets ? "target vectors" : "similarities")
                        + "; a local objective, as phsic, learns from any teaching signal.");
            }
            Device device = place.device();
            int batch = z.shape().extent(0);
            boolean pools = !pooled.equals(place.code());
            List<Operation> operations = new ArrayList<>();
            Tensor read = pools ? workspace.tensor(z.type(), pooled.prepend(batch)) : z;
            if (pools) {
                operations.add(device.readout().averagePool(read, z));
            }
            Shape outputs = bias.value().shape().prepend(batch);
            Tensor logits = workspace.tensor(DataType.F32, outputs);
            operations.add(device.product().forward(logits, read, weight.operand(), bias.value(), Geometry.LINEAR));
            Tensor dlogits = workspace.tensor(z.type(), outputs);
            operations.add(device.readout().crossEntropy(dlogits, logits, teaching.tensor(), smoothing, null, meter));
            Feedback.Planned back = feedback.plan(device, workspace);
            operations.addAll(back.operations());
            operations.add(device.product()
                    .weightGradient(gradients.of(weight), gradients.of(bias), dlogits, read, Geometry.LINEAR));
            Tensor dread = workspace.tensor(z.type(), read.shape());
            operations.add(device.product().dataGradient(dread, dlogits, back.weights(), Geometry.LINEAR));
            Tensor dz = pools ? workspace.tensor(z.type(), z.shape()) : dread;
            if (pools) {
                operations.add(device.readout().averagePoolGradient(dz, dread));
            }
            return new Planned(operations, dz);
        }
    }
}
