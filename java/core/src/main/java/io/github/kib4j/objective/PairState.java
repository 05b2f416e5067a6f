package io.github.kib4j.objective;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** What comparisons keep of a layer's earlier samples, by the names that checkpoints have. */
final class PairState {
    private final Objective.Place place;
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    PairState(Objective.Place place) {
        this.place = place;
    }

    /** Allocates numbers, zeros at first. */
    Tensor keep(String what, Shape shape) {
        Tensor tensor = place.scope().allocate(DataType.F64, shape);
        tensors.put("hidden_layers." + place.layer() + ".pairs." + what, tensor);
        return tensor;
    }

    /** {@return all of them by name} */
    Map<String, Tensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }
}
