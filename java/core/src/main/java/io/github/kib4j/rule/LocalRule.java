package io.github.kib4j.rule;

import io.github.kib4j.layer.HiddenLayer;
import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.ReadoutPass;
import io.github.kib4j.objective.Comparison;
import io.github.kib4j.objective.Objective;
import io.github.kib4j.objective.TeachingSignal;
import io.github.kib4j.objective.TrainingSet;
import io.github.kib4j.op.Lane;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Signature;
import io.github.kib4j.op.Step;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Rules {@code phsic}, {@code hsic} and {@code layerwise}: each hidden layer descends a local objective of its own and updates itself at once; what
 * it passes on was computed with the weights before. No gradient crosses a layer. The readout learns by cross-entropy, where there are
 * labels.
 *
 * @param name as users type it, for example {@code phsic}
 * @param objective of which each layer gets its own
 * @param teaching what layers are taught by
 */
public record LocalRule(String name, Objective.Kind objective, TeachingSignal teaching) implements Rule {
    @Override
    public Signature signature() {
        return Signature.of(name).with("objective", objective.signature()).with("teaching", teaching.signature());
    }

    @Override
    public boolean hasLocalLosses() {
        return true;
    }

    @Override
    public boolean needsLabels() {
        return teaching.needsLabels();
    }

    @Override
    public Optional<Comparison> codes() {
        return objective.comparison();
    }

    @Override
    public Optional<Comparison> labels() {
        return teaching.ofLabels();
    }

    @Override
    public int leastBatch() {
        return objective.leastBatch();
    }

    @Override
    public BoundRule bind(Network network, Optimizers optimizers, Scope scope, TrainingSet set) {
        objective.requireLayers(network.hidden().size());
        List<Layer> layers = new ArrayList<>();
        for (HiddenLayer layer : network.hidden()) {
            Objective own = objective.bind(new Objective.Place(
                    network.device(),
                    scope,
                    layer.index(),
                    objective.seesActivity() ? layer.activity() : layer.code(),
                    layer.spec().grouping(),
                    network.precision(),
                    network.seed(),
                    teaching));
            List<Parameter> learned = new ArrayList<>(layer.parameters());
            learned.addAll(own.parameters());
            layer.parameters().forEach(optimizers.local()::addHidden);
            own.parameters().forEach(optimizers.local()::add);
            layers.add(new Layer(own, learned));
        }
        network.readout().parameters().forEach(optimizers.readout()::add);
        LayerPass.Use use = objective.seesActivity() ? LayerPass.Use.TRAINING_BY_ACTIVITY : LayerPass.Use.TRAINING;
        return new Bound(
                network,
                optimizers,
                layers,
                use,
                teaching.reside(network.device(), scope, set),
                teaching.isOfClasses(),
                set.labelled());
    }

    /** A hidden layer's objective, and what they learn. */
    private record Layer(Objective objective, List<Parameter> learned) {}

    private record Bound(
            Network network,
            Optimizers optimizers,
            List<Layer> layers,
            LayerPass.Use use,
            TeachingSignal.Resident teaching,
            boolean isOfClasses,
            boolean readsOut)
            implements BoundRule {
        @Override
        public List<Parameter> parameters() {
            return layers.stream()
                    .flatMap(layer ->
                            Stream.concat(layer.objective().parameters().stream(), layer.objective().fixed().stream()))
                    .toList();
        }

        @Override
        public void initialize() {
            layers.forEach(layer -> layer.objective().initialize());
        }

        @Override
        public Map<String, Tensor> kept() {
            Map<String, Tensor> kept = new LinkedHashMap<>();
            parameters().forEach(parameter -> put(kept, parameter.name(), parameter.value()));
            layers.forEach(layer -> layer.objective().kept().forEach((name, tensor) -> put(kept, name, tensor)));
            return kept;
        }

        private static void put(Map<String, Tensor> kept, String name, Tensor tensor) {
            if (kept.put(name, tensor) != null) {
                throw new IllegalArgumentException("The objectives of two layers keep something by the name " + name
                        + "; put the layer's number into it.");
            }
        }

        @Override
        public void startEpoch(int[] order) {
            teaching.startEpoch(order);
        }

        @Override
        public List<Step> plan(StepContext context) {
            if (context.labels().shape().rank() > 1 && !isOfClasses) {
                throw new RefusedException("Mixup mixes class labels, and hidden layers are taught by another signal;"
                        + " teach them by class labels, or leave images unmixed.");
            }
            Steps steps = new Steps(context);
            TeachingSignal.Batch signal =
                    teaching.batch(context.workspace(), context.labels(), context.order(), context.clock());
            steps.add(Phase.DATA, Lane.MAIN, signal.operations());
            List<LayerPass> passes = network.passes(context.x(), context.workspace(), use, context.clock());
            ReadoutPass readout = network.readoutPass(passes, context.workspace());
            for (int i = 0; i < passes.size(); i++) {
                LayerPass pass = passes.get(i);
                steps.layer(i);
                steps.add(Phase.FORWARD, Lane.MAIN, pass.forward());
                Objective.Planned planned = layers.get(i)
                        .objective()
                        .plan(
                                context.workspace(),
                                context.gradients(),
                                pass.code(),
                                signal.teaching(),
                                context.exchange(),
                                context.localMeter(i));
                steps.add(Phase.OBJECTIVE, Lane.UPDATE, planned.operations());
                steps.add(Phase.GRADIENT, Lane.UPDATE, pass.localGradient(planned.du(), context.gradients()));
                List<Parameter> learned = layers.get(i).learned();
                if (layers.get(i).objective().isMeanOfSamples()) {
                    steps.updateByMean(learned, optimizers.local(), Lane.UPDATE);
                } else {
                    steps.updateBySum(learned, optimizers.local(), Lane.UPDATE);
                }
                if (readsOut) {
                    steps.readout(readout, i);
                }
            }
            if (readsOut) {
                steps.learnReadout(network, optimizers, readout);
            }
            return steps.all();
        }
    }
}
