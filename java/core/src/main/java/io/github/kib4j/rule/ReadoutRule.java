package io.github.kib4j.rule;

import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.ReadoutPass;
import io.github.kib4j.objective.TrainingSet;
import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.Scope;
import java.util.List;

/** Rule {@code readout}: hidden layers stay at their random start, only the readout learns ("last layer" in the paper). */
public record ReadoutRule() implements Rule {
    @Override
    public String name() {
        return "readout";
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
    public BoundRule bind(Network network, Optimizers optimizers, Scope scope, TrainingSet set) {
        network.readout().parameters().forEach(optimizers.readout()::add);
        return context -> {
            Steps steps = new Steps(context);
            List<LayerPass> passes =
                    network.passes(context.x(), context.workspace(), LayerPass.Use.TRAINING, context.clock());
            ReadoutPass readout = network.readoutPass(passes, context.workspace());
            steps.forward(passes, readout);
            steps.learnReadout(network, optimizers, readout);
            return steps.all();
        };
    }
}
