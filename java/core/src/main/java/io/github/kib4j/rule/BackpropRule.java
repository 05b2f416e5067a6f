package io.github.kib4j.rule;

import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.Network;
import io.github.kib4j.op.Lane;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Signature;
import io.github.kib4j.op.Step;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rule {@code backprop}: end-to-end cross-entropy on the same network, all parameters updated by the readout's optimizer. */
public record BackpropRule() implements Rule {
    @Override
    public String name() {
        return "backprop";
    }

    @Override
    public Signature signature() {
        return Signature.of(name());
    }

    @Override
    public boolean hasLocalLosses() {
        return false;
    }

    @Override
    public BoundRule bind(Network network, Optimizers optimizers, Scope scope, int samples, int batch) {
        network.parameters().forEach(optimizers.readout()::add);
        return context -> plan(network, optimizers, context);
    }

    private static List<Step> plan(Network network, Optimizers optimizers, StepContext context) {
        Steps steps = new Steps(context);
        List<LayerPass> passes =
                network.passes(context.x(), context.workspace(), LayerPass.Use.TRAINING, context.clock());
        passes.forEach(pass -> steps.add(Phase.FORWARD, Lane.MAIN, pass.forward()));
        int last = passes.size() - 1;
        Tensor sent = passes.get(last).sent();
        Tensor dsent = like(sent, context);
        steps.readout(network, sent, dsent, Lane.MAIN);
        for (int i = last; i >= 0; i--) {
            @Nullable Tensor dx = i == 0 ? null : like(passes.get(i - 1).sent(), context);
            steps.add(Phase.GRADIENT, Lane.MAIN, passes.get(i).backwardGradient(dsent, dx, context.gradients()));
            dsent = dx == null ? dsent : dx;
        }
        steps.updateByMean(network.parameters(), optimizers.readout(), Lane.MAIN);
        return steps.all();
    }

    private static Tensor like(Tensor tensor, StepContext context) {
        return context.workspace().tensor(tensor.type(), tensor.shape());
    }
}
