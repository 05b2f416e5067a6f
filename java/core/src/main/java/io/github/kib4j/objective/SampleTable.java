package io.github.kib4j.objective;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;

/** Tables of training samples that one array of Java can fill. */
final class SampleTable {
    private static final int MOST = Integer.MAX_VALUE - 8;

    private SampleTable() {}

    static Tensor allocate(Scope scope, String what, int samples, int width) {
        if ((long) samples * width > MOST) {
            throw new RefusedException("The " + what + " of " + samples + " training samples, " + width
                    + " for each, are more than an array can hold; take a smaller batch, or fewer samples.");
        }
        return scope.allocate(DataType.F32, Shape.of(samples, width));
    }
}
