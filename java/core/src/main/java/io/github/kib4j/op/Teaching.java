package io.github.kib4j.op;

import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Tensor;

/** What a layer is taught by, on the device: only how similar the wanted outputs are, {@code L [B, B]}, ever matters. */
public sealed interface Teaching {
    /** {@return the tensor that holds the batch's part} */
    Tensor tensor();

    /** {@return {@code M}: classes, or entries of a target; 0 for a given similarity} */
    int outputs();

    /**
     * Class labels: {@code L} is the kernel of one-hot vectors, centred (minus their mean {@code 1/M}) or not.
     *
     * @param labels {@code [B]}, I32, each in {@code [0, classes)}
     * @param classes {@code M}
     */
    record Classes(Tensor labels, int classes, Kernel kernel, boolean centred) implements Teaching {
        /**
         * Checks the number of classes and the kernel.
         *
         * @param labels {@code [B]}, I32
         * @param classes {@code M}
         * @param kernel compares targets
         * @param centred whether each target is centred over its entries
         */
        public Classes {
            if (classes < 2) {
                throw new RefusedException("Class labels teach from 2 classes on, but there are " + classes + ".");
            }
            kernel = kernel.ofObjectives();
        }

        @Override
        public Tensor tensor() {
            return labels;
        }

        @Override
        public int outputs() {
            return classes;
        }

        /** {@return {@code L_ij} of two samples of the same class} */
        public double same() {
            return switch (kernel.kind()) {
                case LINEAR -> centred ? 1 - 1.0 / classes : 1;
                default -> 1;
            };
        }

        /** {@return {@code L_ij} of two samples of different classes} */
        public double different() {
            return switch (kernel.kind()) {
                case LINEAR -> centred ? -1.0 / classes : 0;
                case COSINE -> centred ? -1.0 / (classes - 1) : 0;
                default -> kernel.ofSquares(2);
            };
        }
    }

    /**
     * Target vectors (regression, embeddings): {@code L} is the kernel of them, each centred over its entries or not.
     *
     * @param targets {@code [B, M]}, F32
     */
    record Targets(Tensor targets, Kernel kernel, boolean centred) implements Teaching {
        /**
         * Checks the kernel.
         *
         * @param targets {@code [B, M]}, F32
         * @param kernel compares targets
         * @param centred whether each target is centred over its entries
         */
        public Targets {
            kernel = kernel.ofObjectives();
        }

        @Override
        public Tensor tensor() {
            return targets;
        }

        @Override
        public int outputs() {
            return targets.shape().rowSize();
        }
    }

    /**
     * A given similarity.
     *
     * @param similarity symmetric {@code [B, B]}, F32
     */
    record Similarity(Tensor similarity) implements Teaching {
        @Override
        public Tensor tensor() {
            return similarity;
        }

        @Override
        public int outputs() {
            return 0;
        }
    }
}
