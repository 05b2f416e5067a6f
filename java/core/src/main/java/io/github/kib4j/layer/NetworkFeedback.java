package io.github.kib4j.layer;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Feedback;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** What errors come back by through a whole network: from the readout to each hidden layer but the first, into which none comes. */
public final class NetworkFeedback {
    private final Device device;
    private final long seed;
    /** Of hidden layers 1 and up, then of the readout's. */
    private final List<Feedback> weights;

    private final List<Integer> fanIn = new ArrayList<>();

    /** How many are hidden layers'. */
    private final int hidden;

    /** Of the weights of hidden layers 1 and up, and of the readout. */
    NetworkFeedback(Device device, Scope scope, long seed, Feedback.Kind kind, List<Parameter> above, Readout readout) {
        this.device = device;
        this.seed = seed;
        hidden = above.size();
        weights = Stream.concat(above.stream(), readout.weights().stream())
                .map(weight -> Feedback.of(kind, scope, weight))
                .toList();
        above.forEach(weight -> fanIn.add(weight.value().shape().rowSize()));
        readout.weights().forEach(weight -> fanIn.add(readout.inputs()));
    }

    /** Draws fixed weights. Called once, before a step is computed. */
    public void initialize() {
        for (int i = 0; i < weights.size(); i++) {
            weights.get(i).initialize(device, seed, Initialization.weights(i + 1), fanIn.get(i));
        }
    }

    /** {@return fixed weights; none of other kinds} */
    public List<Parameter> fixed() {
        return weights.stream().map(Feedback::fixed).filter(Objects::nonNull).toList();
    }

    /** {@return fixed weights by name: a part of checkpoints} */
    public Map<String, Tensor> kept() {
        Map<String, Tensor> kept = new LinkedHashMap<>();
        fixed().forEach(parameter -> kept.put(parameter.name(), parameter.value()));
        return kept;
    }

    /**
     * A step's feedback.
     *
     * @param operations what puts it there, before weights are updated
     * @param weights what products read, of hidden layers 1 and up
     * @param ofReadout the same of the readout's weights
     */
    public record Planned(List<Operation> operations, List<Tensor> weights, List<Tensor> ofReadout) {
        /**
         * {@return the weights by which errors come into a layer}
         *
         * @param index number of the hidden layer that they come from, from 1
         */
        public Tensor from(int index) {
            return weights.get(index - 1);
        }
    }

    /**
     * Plans a step's feedback.
     *
     * @param workspace memory of what is computed
     * @return what computes it, and where it is then
     */
    public Planned plan(Workspace workspace) {
        List<Operation> operations = new ArrayList<>();
        List<Tensor> read = new ArrayList<>();
        for (Feedback feedback : weights) {
            Feedback.Planned planned = feedback.plan(device, workspace);
            operations.addAll(planned.operations());
            read.add(planned.weights());
        }
        return new Planned(operations, read.subList(0, hidden), read.subList(hidden, read.size()));
    }
}
