package io.github.kib4j.rule;

import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.NetworkFeedback;
import io.github.kib4j.layer.ReadoutPass;
import io.github.kib4j.objective.TrainingSet;
import io.github.kib4j.op.Feedback;
import io.github.kib4j.op.Lane;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Signature;
import io.github.kib4j.op.Step;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * Rules that bring the readout's error back through the network (docs/mathematics.md, section 7.2): {@code backprop} by the weights
 * themselves, {@code feedback-alignment} by fixed random ones, {@code sign-symmetry} by the weights' signs. All parameters are updated
 * by the readout's optimizer.
 *
 * @param feedback the weights that errors come back by
 * @param signs whether the optimizer gets the signs of the gradients only (batch Manhattan)
 */
public record BackpropRule(Feedback.Kind feedback, boolean signs) implements Rule {
    /** Backprop itself. */
    public BackpropRule() {
        this(Feedback.Kind.EXACT, false);
    }

    @Override
    public String name() {
        return switch (feedback) {
            case EXACT -> "backprop";
            case RANDOM -> "feedback-alignment";
            case SIGNS -> "sign-symmetry";
        };
    }

    @Override
    public Signature signature() {
        Signature name = Signature.of(name());
        return signs ? name.with("gradient", "signs") : name;
    }

    @Override
    public boolean hasLocalLosses() {
        return false;
    }

    @Override
    public BoundRule bind(Network network, Optimizers optimizers, Scope scope, TrainingSet set) {
        network.hidden().forEach(layer -> layer.parameters().forEach(optimizers.readout()::addHidden));
        network.readout().parameters().forEach(optimizers.readout()::add);
        return new Bound(network, optimizers, network.feedback(scope, feedback), signs);
    }

    private record Bound(Network network, Optimizers optimizers, NetworkFeedback feedback, boolean signs)
            implements BoundRule {
        @Override
        public List<Parameter> parameters() {
            return feedback.fixed();
        }

        @Override
        public void initialize() {
            feedback.initialize();
        }

        @Override
        public Map<String, Tensor> kept() {
            return feedback.kept();
        }

        @Override
        public List<Step> plan(StepContext context) {
            Steps steps = new Steps(context);
            List<LayerPass> passes =
                    network.passes(context.x(), context.workspace(), LayerPass.Use.TRAINING, context.clock());
            ReadoutPass readout = network.readoutPass(passes, context.workspace());
            steps.forward(passes, readout);
            steps.network();
            NetworkFeedback.Planned back = feedback.plan(context.workspace());
            steps.add(Phase.GRADIENT, Lane.MAIN, back.operations());
            steps.readoutLoss(readout, Lane.MAIN);
            int last = passes.size() - 1;
            Tensor dsent = like(passes.get(last).sent(), context);
            steps.add(Phase.OBJECTIVE, Lane.MAIN, readout.backward(last, dsent, back.ofReadout()));
            for (int i = last; i > 0; i--) {
                Tensor dx = like(passes.get(i - 1).sent(), context);
                steps.layer(i);
                steps.add(
                        Phase.GRADIENT,
                        Lane.MAIN,
                        passes.get(i).backwardGradient(dsent, dx, back.from(i), context.gradients()));
                if (readout.reads(i - 1)) {
                    Tensor more = like(dx, context);
                    steps.add(Phase.GRADIENT, Lane.MAIN, readout.backward(i - 1, more, back.ofReadout()));
                    steps.add(
                            Phase.GRADIENT,
                            Lane.MAIN,
                            List.of(network.device().readout().add(dx, more)));
                }
                dsent = dx;
            }
            steps.layer(0);
            steps.add(
                    Phase.GRADIENT, Lane.MAIN, passes.get(0).backwardGradient(dsent, null, null, context.gradients()));
            steps.network();
            if (signs) {
                steps.updateBySignOfMean(network.device(), network.parameters(), optimizers.readout(), Lane.MAIN);
            } else {
                steps.updateByMean(network.parameters(), optimizers.readout(), Lane.MAIN);
            }
            return steps.all();
        }

        private static Tensor like(Tensor tensor, StepContext context) {
            return context.workspace().tensor(tensor.type(), tensor.shape());
        }
    }
}
