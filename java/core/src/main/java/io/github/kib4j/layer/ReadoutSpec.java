package io.github.kib4j.layer;

import io.github.kib4j.op.ReadoutOps;
import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;

/**
 * What a readout reads (docs/mathematics.md, section 2.5): the last hidden layer's output as it is, or those of all.
 *
 * @param features the most that is read of an image where all layers are read, a linear layer's units being read all; 0 where the last
 *     layer's output alone is read
 */
public record ReadoutSpec(int features) {
    /** The last hidden layer's output, as it is. */
    public static final ReadoutSpec LAST = new ReadoutSpec(0);

    /**
     * Checks the number.
     *
     * @param features the most that is read of an image, or 0
     */
    public ReadoutSpec {
        if (features < 0) {
            throw new RefusedException("A readout cannot read " + features + " features of an image.");
        }
    }

    /** {@return whether all hidden layers are read} */
    public boolean readsAll() {
        return features > 0;
    }

    /** Returns whether a hidden layer is read. */
    boolean reads(int layer, int layers) {
        return readsAll() || layer == layers - 1;
    }

    /** Returns the shape of what is read of a layer's output. */
    Shape read(Shape output) {
        return readsAll() ? ReadoutOps.pooled("A readout", output, features) : output;
    }

    /** Returns all that decides bits. */
    Signature signature() {
        return readsAll() ? Signature.of("all").with("features", features) : Signature.EMPTY;
    }

    /** Returns the readout whose signature this is. */
    static ReadoutSpec of(Signature signature) {
        return signature.entries().isEmpty() ? LAST : new ReadoutSpec(Integer.parseInt(signature.value("features")));
    }
}
