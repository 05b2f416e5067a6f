package io.github.kib4j.bench.operations;

import io.github.kib4j.op.Operation;
import io.github.kib4j.tensor.DataType;
import java.util.List;
import java.util.function.Function;

/**
 * An operation of kib4j at a size of the paper's networks.
 *
 * @param types of activations with which it is timed
 */
record TimedOperation(String name, List<DataType> types, Function<Operands, Operation> plan, Bound bound) {
    TimedOperation {
        if (name.contains("/")) {
            throw new IllegalArgumentException("The name '" + name + "' must have no slash.");
        }
    }
}
