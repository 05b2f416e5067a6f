package io.github.kib4j.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.listener.TrainingListenerAdapter;
import ai.djl.util.Pair;
import io.github.kib4j.dependence.Measure;
import io.github.kib4j.dependence.MedianHeuristic;
import io.github.kib4j.dependence.Observations;
import io.github.kib4j.dependence.Variable;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.tensor.RefusedException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Says after each epoch of a DJL training how much each layer's output depends on the labels, by samples that stay the same: linear CKA,
 * and HSIC with a Gaussian kernel as wide as the median distance. The trainer's metrics, where it has some, get {@code cka_NAME} and
 * {@code hsic_NAME}.
 */
public final class DependenceListener extends TrainingListenerAdapter {
    /** Says which samples the median distance is of, if they are many. */
    private static final long SEED = 0;

    private final Device device;
    private final NDArray inputs;
    private final Variable labels;
    private final List<List<LayerDependence>> epochs = new ArrayList<>();

    /**
     * How much a layer's output depends on the labels.
     *
     * @param layer its name in the block
     * @param cka linear centred kernel alignment with the labels, between 0 and 1
     * @param hsic biased HSIC with the labels; 0 where all outputs are alike
     */
    public record LayerDependence(String layer, double cka, double hsic) {}

    /**
     * Prepares to listen.
     *
     * @param device computes the measures
     * @param inputs {@code [n, ...]}: what the layers are shown, at least 2 samples; it must stay open
     * @param labels the samples' classes
     * @throws RefusedException if there is not one label for each sample
     */
    public DependenceListener(Device device, NDArray inputs, int... labels) {
        if (inputs.getShape().dimension() == 0 || inputs.getShape().get(0) != labels.length || labels.length < 2) {
            throw new RefusedException("There are " + labels.length + " labels for inputs of the shape "
                    + inputs.getShape() + "; give one for each sample, and at least 2.");
        }
        this.device = device;
        this.inputs = inputs;
        this.labels = Variable.of(Observations.ofLabels(labels), Kernel.DELTA);
    }

    /** {@return what was found, epoch by epoch, layer by layer} */
    public List<List<LayerDependence>> epochs() {
        return List.copyOf(epochs);
    }

    @Override
    public void onEpoch(Trainer trainer) {
        List<LayerDependence> found = of(trainer.getModel().getBlock());
        epochs.add(found);
        if (trainer.getMetrics() != null) {
            for (LayerDependence one : found) {
                trainer.getMetrics().addMetric("cka_" + one.layer(), one.cka());
                trainer.getMetrics().addMetric("hsic_" + one.layer(), one.hsic());
            }
        }
    }

    /**
     * {@return how much each layer's output depends on the labels now}
     *
     * @param block whose children are the layers, one after the other: a {@link SequentialBlock}; any other is one layer
     */
    public List<LayerDependence> of(Block block) {
        List<LayerDependence> found = new ArrayList<>();
        try (NDManager manager = inputs.getManager().newSubManager()) {
            ParameterStore parameters = new ParameterStore(manager, false);
            NDArray own = inputs.duplicate();
            own.attach(manager);
            NDList x = new NDList(own);
            if (block instanceof SequentialBlock) {
                for (Pair<String, Block> child : block.getChildren()) {
                    x = child.getValue().forward(parameters, x, false);
                    found.add(of(child.getKey(), x.singletonOrThrow()));
                }
            } else {
                found.add(of("output", block.forward(parameters, x, false).singletonOrThrow()));
            }
        }
        return found;
    }

    private LayerDependence of(String layer, NDArray output) {
        Observations codes = ArrayDependence.observations(output);
        double cka = Measure.CKA.of(device, Variable.of(codes, Kernel.LINEAR), labels);
        Variable gaussian = gaussian(codes);
        return new LayerDependence(layer, cka, gaussian == null ? 0 : Measure.HSIC.of(device, gaussian, labels));
    }

    /** Returns the variable with the median's width; null where most outputs are alike, and there is none. */
    private static @Nullable Variable gaussian(Observations codes) {
        try {
            return Variable.of(codes, Kernel.gaussian(MedianHeuristic.width(SEED, codes)));
        } catch (RefusedException e) {
            return null;
        }
    }
}
