package io.github.kib4j.datasets;

import java.nio.file.Path;

/** The array of integers in a file of numpy's {@code savez}. */
final class Npz {
    private Npz() {}

    /** Reads the array; of several the first, which numpy calls {@code arr_0}. */
    static Numbers read(Path file) {
        NpyArray first = NpyArray.readAll(file).values().iterator().next();
        NpyArray.Type type = first.type();
        if (type.isFloating()) {
            throw new DatasetException("The array " + first.name() + " is of floats, but there must be integers.");
        }
        return new Numbers(
                new Numbers.Type(type.bytes(), type.kind() == 'i', type.order()), first.extents(), first.data(), 0);
    }
}
