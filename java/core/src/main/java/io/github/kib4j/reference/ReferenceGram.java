package io.github.kib4j.reference;

import static io.github.kib4j.reference.ReferenceTensor.doubles;
import static io.github.kib4j.reference.ReferenceTensor.ints;
import static io.github.kib4j.reference.ReferenceTensor.size;

import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.GramOps;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** {@link GramOps} in loops. */
record ReferenceGram() implements GramOps<Work> {
    @Override
    public Work dependence(Tensor value, Tensor x, Kernel kernelX, Tensor y, Kernel kernelY, Estimator estimator) {
        return Work.of(() -> doubles(value)[0] =
                dependence(Codes.of(x, false, kernelX), kernelX, Codes.of(y, false, kernelY), kernelY, estimator));
    }

    /**
     * Returns {@code mean(A B) - mean(A) mean(B)} (pHSIC) or {@code tr(A H B H) / B^2}, which also takes off what the means of rows
     * contribute.
     */
    private static double dependence(Codes x, Kernel kernelX, Codes y, Kernel kernelY, Estimator estimator) {
        int batch = x.batch();
        double sumA = 0;
        double sumB = 0;
        double sumOfProducts = 0;
        double productOfRows = 0;
        for (int i = 0; i < batch; i++) {
            double rowA = 0;
            double rowB = 0;
            for (int j = 0; j < batch; j++) {
                double a = x.lessConstant(i, j, kernelX, estimator);
                double b = y.lessConstant(i, j, kernelY, estimator);
                rowA += a;
                rowB += b;
                sumOfProducts += a * b;
            }
            sumA += rowA;
            sumB += rowB;
            productOfRows += rowA * rowB / batch;
        }
        double ofMeans = sumA / batch * (sumB / batch);
        return estimator == Estimator.PHSIC
                ? (sumOfProducts - ofMeans) / batch / batch
                : Math.max(0, (sumOfProducts - 2 * productOfRows + ofMeans) / batch / batch);
    }

    @Override
    public Work sums(Tensor products, Tensor rows, Tensor diagonals, List<Samples> variables) {
        return Work.of(() -> {
            List<Gram> grams = Gram.of(variables);
            int n = grams.get(0).codes().batch();
            for (Tensor sum : List.of(products, rows)) {
                Arrays.fill(doubles(sum), 0, size(sum), 0);
            }
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    double product = 1;
                    for (int a = 0; a < grams.size(); a++) {
                        double k = grams.get(a).entry(i, j);
                        product *= k;
                        if (i == j) {
                            doubles(diagonals)[a * n + i] = k;
                        } else {
                            doubles(products)[1 + a] += k * k;
                            doubles(rows)[a * n + i] += k;
                        }
                    }
                    doubles(products)[0] += i == j ? 0 : product;
                }
            }
        });
    }

    @Override
    public Work gradient(Tensor dx, Samples x, List<Samples> others, Tensor scales, Tensor weights) {
        return Work.of(() -> {
            Gram k = Gram.of(x);
            List<Gram> l = Gram.of(others);
            int n = k.codes().batch();
            double[] scale = doubles(scales);
            double[] w = doubles(weights);
            Arrays.fill(doubles(dx), 0, size(dx), 0);
            for (int i = 0; i < n; i++) {
                k.addDerivative(doubles(dx), i, i, w[n + i]); // of both arguments, which are one
                for (int j = 0; j < n; j++) {
                    if (i != j) {
                        double s = scale[0] * product(l, i, j) + scale[1] * k.entry(i, j) + w[i] + w[j];
                        k.addDerivative(doubles(dx), i, j, s);
                    }
                }
            }
        });
    }

    @Override
    public Work forms(Tensor values, List<Samples> variables, Tensor shifts, Tensor weights, boolean diagonal) {
        return Work.of(() -> {
            List<Gram> grams = Gram.of(variables);
            int n = grams.get(0).codes().batch();
            int count = size(values);
            Arrays.fill(doubles(values), 0, count, 0);
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    double product = 1;
                    for (int a = 0; a < grams.size(); a++) {
                        product *= grams.get(a).entry(i, j) - doubles(shifts)[a * n + i] - doubles(shifts)[a * n + j];
                    }
                    for (int p = 0; p < count && (diagonal || i != j); p++) {
                        doubles(values)[p] +=
                                doubles(weights)[i * count + p] * doubles(weights)[j * count + p] * product;
                    }
                }
            }
        });
    }

    @Override
    public Work shuffled(Tensor values, Samples x, Samples y, Tensor permutations) {
        return Work.of(() -> {
            Gram k = Gram.of(x);
            Gram l = Gram.of(y);
            int n = k.codes().batch();
            for (int p = 0; p < size(values); p++) {
                int[] to = Arrays.copyOfRange(ints(permutations), p * n, p * n + n);
                double sum = 0;
                boolean permutes = Arrays.equals(
                        Arrays.stream(to).sorted().toArray(),
                        IntStream.range(0, n).toArray());
                for (int i = 0; i < n && permutes; i++) {
                    for (int j = 0; j < n; j++) {
                        sum += i == j ? 0 : k.entry(i, j) * l.entry(to[i], to[j]);
                    }
                }
                doubles(values)[p] = permutes ? sum : Double.NaN;
            }
        });
    }

    @Override
    public Work matrix(Tensor matrix, Tensor x, Tensor z, Kernel kernel) {
        return Work.of(() -> {
            Codes first = Codes.of(x, false, kernel);
            Codes second = Codes.of(z, false, kernel);
            for (int i = 0; i < first.batch(); i++) {
                for (int j = 0; j < second.batch(); j++) {
                    doubles(matrix)[i * second.batch() + j] = first.entry(i, second, j, kernel);
                }
            }
        });
    }

    private static double product(List<Gram> grams, int i, int j) {
        return grams.stream().mapToDouble(gram -> gram.entry(i, j)).reduce(1, (a, b) -> a * b);
    }

    /** A variable's Gram matrix, entry by entry. */
    private record Gram(Codes codes, Kernel kernel) {
        static Gram of(Samples samples) {
            return new Gram(Codes.of(samples.values(), false, samples.kernel()), samples.kernel());
        }

        static List<Gram> of(List<Samples> variables) {
            return variables.stream().map(Gram::of).toList();
        }

        double entry(int i, int j) {
            return codes.entry(i, codes, j, kernel);
        }

        /**
         * Adds to {@code dx_i} what {@code x_i} gains by {@code K_ij} and {@code K_ji}, each of weight {@code s}: {@code 2 s dK_ij/dx_i}
         * (equation 11.5).
         */
        void addDerivative(double[] dx, int i, int j, double s) {
            int width = codes.width();
            double norm = codes.norm()[i];
            for (int g = 0; g < width; g++) {
                double own = codes.unit()[i * width + g];
                double other = codes.unit()[j * width + g];
                dx[i * width + g] += 2
                        * s
                        * switch (kernel.kind()) {
                            case LINEAR -> other;
                            case COSINE -> norm == 0 ? 0 : (other - entry(i, j) * own) / norm;
                            default -> kernel.slope(codes.squaredDistance(i, codes, j)) * (other - own);
                        };
            }
        }
    }

    /** Returns {@code A - mean A} for pHSIC, {@code H A H} for HSIC. */
    static double[] centre(double[] a, int batch, Estimator estimator) {
        double[] rowMean = new double[batch];
        double[] columnMean = new double[batch];
        for (int i = 0; i < batch * batch; i++) {
            rowMean[i / batch] += a[i] / batch;
            columnMean[i % batch] += a[i] / batch;
        }
        double mean = Arrays.stream(rowMean).sum() / batch;
        double[] centred = new double[batch * batch];
        for (int i = 0; i < batch * batch; i++) {
            centred[i] = estimator == Estimator.PHSIC
                    ? a[i] - mean
                    : a[i] - rowMean[i / batch] - columnMean[i % batch] + mean;
        }
        return centred;
    }
}
