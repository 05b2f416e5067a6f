package io.github.kib4j.objective;

import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Teaching;

/** How similar the wanted outputs of two samples are, and the numbers by which that is known: a class, or a target's entries. */
final class PairTeaching {
    private final Teaching teaching;
    private final int width;
    private final double[] rows;

    PairTeaching(Teaching teaching) {
        this.teaching = teaching;
        if (teaching instanceof Teaching.Classes classes) {
            width = 1;
            int[] labels = classes.labels().readInts();
            rows = new double[labels.length];
            for (int i = 0; i < labels.length; i++) {
                rows[i] = labels[i];
            }
        } else {
            width = teaching.tensor().shape().rowSize();
            rows = teaching.tensor().readDoubles();
            if (teaching instanceof Teaching.Targets targets && targets.centred()) {
                for (int i = 0; i < rows.length / width; i++) {
                    PairCodes.centre(rows, i, width);
                }
            }
        }
    }

    /** {@return how many numbers are known of a wanted output} */
    int width() {
        return width;
    }

    /** {@return those numbers, row by row} */
    double[] rows() {
        return rows;
    }

    /** {@return {@code alpha}, where a wanted output has features {@code y} with {@code L_ij = alpha y_i.y_j + beta}: (3.10)} */
    double alpha() {
        return teaching instanceof Teaching.Classes classes ? classes.same() - classes.different() : 1;
    }

    /**
     * {@return those features: of a class, one-hot; of a target, its entries, of length 1 for the cosine kernel}
     *
     * @param i number of the sample
     * @param count how many there are
     */
    double[] features(int i, int count) {
        double[] y = new double[count];
        if (teaching instanceof Teaching.Classes) {
            y[(int) rows[i]] = 1;
            return y;
        }
        Kernel kernel = ((Teaching.Targets) teaching).kernel();
        double squares = PairCodes.dot(rows, i, rows, i, width);
        double length = kernel.kind() == Kernel.Kind.COSINE ? Math.sqrt(squares) : 1;
        for (int k = 0; k < width && length > 0; k++) {
            y[k] = rows[i * width + k] / length;
        }
        return y;
    }

    /** {@return the similarity of the wanted outputs of sample {@code i} and of row {@code j} of others} */
    double similarity(int i, double[] others, int j) {
        if (teaching instanceof Teaching.Classes classes) {
            return rows[i] == others[j] ? classes.same() : classes.different();
        }
        if (teaching instanceof Teaching.Similarity) {
            return rows[i * width + j];
        }
        Kernel kernel = ((Teaching.Targets) teaching).kernel();
        double dot = PairCodes.dot(rows, i, others, j, width);
        if (kernel.kind() == Kernel.Kind.LINEAR) {
            return dot;
        }
        double first = PairCodes.dot(rows, i, rows, i, width);
        double second = PairCodes.dot(others, j, others, j, width);
        if (kernel.kind() == Kernel.Kind.COSINE) {
            return first == 0 || second == 0 ? 0 : dot / Math.sqrt(first * second);
        }
        return kernel.gaussianOf(PairCodes.squaredDistance(rows, i, others, j, width));
    }
}
