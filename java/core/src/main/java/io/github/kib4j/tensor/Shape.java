package io.github.kib4j.tensor;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The extents of a tensor, outermost first; every extent is at least 1. Immutable. */
public final class Shape {
    private final int[] extents;

    private Shape(int[] extents) {
        this.extents = extents;
    }

    /**
     * {@return the shape with these extents, outermost first}
     *
     * @param extents each at least 1
     * @throws IllegalArgumentException if an extent is below 1
     */
    public static Shape of(int... extents) {
        for (int extent : extents) {
            if (extent < 1) {
                throw new RefusedException("Every extent of a shape must be at least 1: " + Arrays.toString(extents));
            }
        }
        return new Shape(extents.clone());
    }

    /** {@return the number of extents} */
    public int rank() {
        return extents.length;
    }

    /**
     * {@return extent {@code axis}; the outermost is 0}
     *
     * @param axis from 0
     */
    public int extent(int axis) {
        return extents[axis];
    }

    /** {@return the extents, outermost first, as a new array} */
    public int[] extents() {
        return extents.clone();
    }

    /** {@return the number of elements: the product of the extents, 1 for a scalar} */
    public long size() {
        return Arrays.stream(extents).mapToLong(e -> e).reduce(1, Math::multiplyExact);
    }

    /** {@return the number of elements of one row: the product of all extents but the first, 1 for a vector} */
    public int rowSize() {
        return Math.toIntExact(Arrays.stream(extents).skip(1).mapToLong(e -> e).reduce(1, Math::multiplyExact));
    }

    /** {@return the extents but the first} */
    public Shape row() {
        return new Shape(Arrays.copyOfRange(extents, 1, extents.length));
    }

    /**
     * {@return this shape with another first extent}
     *
     * @param first the first extent
     */
    public Shape withFirst(int first) {
        int[] other = extents.clone();
        other[0] = first;
        return of(other);
    }

    /**
     * {@return this shape with one more extent in front}
     *
     * @param first the first extent
     */
    public Shape prepend(int first) {
        return of(IntStream.concat(IntStream.of(first), Arrays.stream(extents)).toArray());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(extents, shape.extents);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(extents);
    }

    /** Returns for example {@code 128 x 3 x 32 x 32}. */
    @Override
    public String toString() {
        return extents.length == 0
                ? "scalar"
                : Arrays.stream(extents).mapToObj(Integer::toString).collect(Collectors.joining(" x "));
    }
}
