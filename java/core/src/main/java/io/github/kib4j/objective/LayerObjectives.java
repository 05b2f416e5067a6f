package io.github.kib4j.objective;

import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.RefusedException;
import java.util.List;
import java.util.Optional;

/**
 * An objective for each hidden layer: of one estimator and kernel with another gamma, say, or of different kinds.
 *
 * @param kinds of the layers, in their order
 */
public record LayerObjectives(List<Objective.Kind> kinds) implements Objective.Kind {
    /**
     * Checks that there are some, and that layers send them the same.
     *
     * @param kinds of the layers, in their order
     */
    public LayerObjectives {
        kinds = List.copyOf(kinds);
        if (kinds.isEmpty()) {
            throw new RefusedException("Objectives by layer need at least one, but there is none.");
        }
        if (kinds.stream().map(Objective.Kind::seesActivity).distinct().count() > 1) {
            throw new RefusedException("Objectives by layer must all see codes, or all see activities.");
        }
    }

    @Override
    public Objective bind(Objective.Place place) {
        return kinds.get(place.layer()).bind(place);
    }

    @Override
    public boolean seesActivity() {
        return kinds.get(0).seesActivity();
    }

    /** {@return how codes are compared, where all layers compare them in one way} */
    @Override
    public Optional<Comparison> comparison() {
        boolean same = kinds.stream().map(Objective.Kind::comparison).distinct().count() == 1;
        return same ? kinds.get(0).comparison() : Optional.empty();
    }

    @Override
    public int leastBatch() {
        return kinds.stream().mapToInt(Objective.Kind::leastBatch).max().orElseThrow();
    }

    @Override
    public void requireLayers(int count) {
        if (count != kinds.size()) {
            throw new RefusedException("There are objectives for " + kinds.size()
                    + " hidden layers, but the network has " + count + "; give as many.");
        }
    }

    @Override
    public Signature signature() {
        Signature signature = Signature.of("layers");
        for (int i = 0; i < kinds.size(); i++) {
            signature = signature.with(Integer.toString(i + 1), kinds.get(i).signature());
        }
        return signature;
    }
}
