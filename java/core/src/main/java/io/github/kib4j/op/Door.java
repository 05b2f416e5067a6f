package io.github.kib4j.op;

import java.util.function.Supplier;

/** What every planned operation passes: a device that is open, and tensors that are its own and live. */
interface Door {
    /**
     * Returns the operation.
     *
     * @param name of family and operation
     * @param touched what it reads and writes
     * @param work plans it in the backend, once its arguments have been checked
     */
    Operation plan(String name, Touched touched, Supplier<Work> work);
}
