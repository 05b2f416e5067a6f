package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;
import java.util.List;

/**
 * One planned computation: its name, the tensors that it touches, and how. {@link Device#run} computes it at once;
 * {@link Device#compile} makes it a part of a {@link Program}.
 *
 * @param name of family and operation, for people: {@code linear.forward}
 * @param reads tensors whose numbers it needs
 * @param writes tensors whose numbers it changes; one that it adds to is among {@code reads} too
 * @param work the backend's part
 */
public record Operation(String name, List<Tensor> reads, List<Tensor> writes, Work work) {
    /**
     * Copies the lists.
     *
     * @param name of family and operation, for people
     * @param reads tensors whose numbers it needs
     * @param writes tensors whose numbers it changes
     * @param work the backend's part
     */
    public Operation {
        reads = List.copyOf(reads);
        writes = List.copyOf(writes);
    }

    /** Returns for example {@code linear.forward}. */
    @Override
    public String toString() {
        return name;
    }
}
