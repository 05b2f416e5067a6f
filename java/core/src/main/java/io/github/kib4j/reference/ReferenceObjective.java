package io.github.kib4j.reference;

import static io.github.kib4j.reference.ReferenceTensor.doubles;
import static io.github.kib4j.reference.ReferenceTensor.ints;
import static io.github.kib4j.reference.ReferenceTensor.longs;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** {@link ObjectiveOps} in loops: docs/mathematics.md, sections 4 and 5, line by line. */
record ReferenceObjective() implements ObjectiveOps<Work> {

    @Override
    public Work gradient(
            Tensor du, Tensor value, Tensor u, Teaching teaching, Spec spec, Form form, @Nullable Meter meter) {
        int batch = u.shape().extent(0);
        return Work.of(() -> {
            Codes codes = Codes.of(u, spec.centred(), spec.kernel());
            if (form == Form.GRAM) {
                gram(du, value, codes, teaching, spec);
            } else {
                Signal signal = Signal.of(teaching, batch);
                gramFree(du, value, codes, signal, Centred.of(codes, signal), spec);
            }
            record(value, batch, meter);
        });
    }

    /** Adds the value up, and notes the first that is not finite. */
    private static void record(Tensor value, int batch, @Nullable Meter meter) {
        if (meter != null) {
            addUp(meter, batch * doubles(value)[0]);
        }
    }

    static void addUp(Meter meter, double loss) {
        doubles(meter.sums())[meter.slot()] += loss;
        long[] fault = longs(meter.clock().fault());
        if (!Double.isFinite(loss) && fault[0] == 0) {
            fault[0] = longs(meter.clock().now())[Clock.STEP] + 1;
            fault[1] = meter.slot();
        }
    }

    // Through Gram matrices.

    private static void gram(Tensor du, Tensor value, Codes codes, Teaching teaching, Spec spec) {
        int batch = codes.batch();
        double[] k = codes.gramLessConstant(spec.kernel(), spec.estimator());
        double[] l = similarity(teaching, batch, spec.estimator());
        double[] kCentred = ReferenceGram.centre(k, batch, spec.estimator());
        double[] lCentred = ReferenceGram.centre(l, batch, spec.estimator());
        double zz = 0;
        double yz = 0;
        double[] s = new double[batch * batch];
        for (int i = 0; i < s.length; i++) {
            zz += kCentred[i] * kCentred[i] / batch / batch;
            yz += lCentred[i] * kCentred[i] / batch / batch;
            s[i] = (2 * kCentred[i] - spec.gamma() * lCentred[i]) / batch / batch;
        }
        setValue(value, zz, yz, spec.gamma());
        double[] dv = kernelGradient(codes, k, s, spec.kernel());
        centringGradient(doubles(du), dv, codes, spec.centred());
    }

    private static void setValue(Tensor value, double zz, double yz, double gamma) {
        double[] out = doubles(value);
        out[0] = zz - gamma * yz;
        out[1] = zz;
        out[2] = yz;
    }

    /** Returns {@code L}, of target vectors less a constant. */
    private static double[] similarity(Teaching teaching, int batch, Estimator estimator) {
        if (teaching instanceof Teaching.Similarity given) {
            return Arrays.copyOf(doubles(given.similarity()), batch * batch);
        }
        if (teaching instanceof Teaching.Targets targets) {
            Codes codes = Codes.of(targets.targets(), targets.centred(), targets.kernel());
            return codes.gramLessConstant(targets.kernel(), estimator);
        }
        Teaching.Classes classes = (Teaching.Classes) teaching;
        int[] labels = ints(classes.labels());
        double[] l = new double[batch * batch];
        for (int i = 0; i < l.length; i++) {
            l[i] = labels[i / batch] == labels[i % batch] ? classes.same() : classes.different();
        }
        return l;
    }

    /** From {@code S = dJ/dK} to {@code dv}. */
    private static double[] kernelGradient(Codes codes, double[] k, double[] s, Kernel kernel) {
        int batch = codes.batch();
        int width = codes.width();
        double[] dv = new double[batch * width];
        for (int i = 0; i < batch; i++) {
            double product = 0;
            for (int j = 0; j < batch; j++) {
                double similarity = k[i * batch + j] + Codes.offset(kernel);
                double weight = s[i * batch + j];
                product += weight * similarity;
                if (kernel.kind() == Kernel.Kind.GAUSSIAN) {
                    weight *= kernel.gaussianSlope(codes.squaredDistance(i, j));
                }
                for (int g = 0; g < width; g++) {
                    dv[i * width + g] += weight
                            * (kernel.kind() == Kernel.Kind.GAUSSIAN
                                    ? codes.v()[j * width + g] - codes.v()[i * width + g]
                                    : codes.unit()[j * width + g]);
                }
            }
            finishRow(dv, codes, i, product, kernel);
        }
        return dv;
    }

    /** From {@code sum_j S_ij vh_j} (or the Gaussian's sum) of row {@code i} to {@code dv_i}. */
    private static void finishRow(double[] dv, Codes codes, int i, double product, Kernel kernel) {
        int width = codes.width();
        for (int g = 0; g < width; g++) {
            int at = i * width + g;
            dv[at] = switch (kernel.kind()) {
                case COSINE -> codes.norm()[i] == 0 ? 0 : 2 / codes.norm()[i] * (dv[at] - product * codes.unit()[at]);
                default -> 2 * dv[at];
            };
        }
    }

    /** {@code du = dv - mean_g dv}. */
    private static void centringGradient(double[] du, double[] dv, Codes codes, boolean centred) {
        int width = codes.width();
        for (int b = 0; b < codes.batch(); b++) {
            double mean = 0;
            for (int g = 0; g < width; g++) {
                mean += centred ? dv[b * width + g] / width : 0;
            }
            for (int g = 0; g < width; g++) {
                du[b * width + g] = dv[b * width + g] - mean;
            }
        }
    }

    // Through sums over samples.

    /**
     * A teaching signal as vectors: {@code L_ij = factor y_i.y_j + a constant}, which the estimators do not see.
     *
     * @param y {@code [B, M]}: one-hot labels, or target vectors as the kernel sees them
     */
    @SuppressWarnings("ArrayRecordComponent") // a carrier inside one operation
    private record Signal(double[] y, int outputs, double factor) {
        static Signal of(Teaching teaching, int batch) {
            if (teaching instanceof Teaching.Targets targets) {
                Codes codes = Codes.of(targets.targets(), targets.centred(), targets.kernel());
                return new Signal(codes.unit(), codes.width(), 1);
            }
            Teaching.Classes classes = (Teaching.Classes) teaching;
            double[] oneHot = new double[batch * classes.classes()];
            for (int b = 0; b < batch; b++) {
                oneHot[b * classes.classes() + ints(classes.labels())[b]] = 1;
            }
            return new Signal(oneHot, classes.classes(), classes.same() - classes.different());
        }
    }

    /** {@link Statistics} in Java arrays. */
    @SuppressWarnings("ArrayRecordComponent") // a carrier inside one operation
    private record Sums(double count, double[] t, double[] products, double[] ty, double[] ySum, double[] yy) {
        static Sums of(Codes codes, Signal signal) {
            int m = signal.outputs();
            int batch = codes.batch();
            double[] ones = new double[batch];
            Arrays.fill(ones, 1);
            return new Sums(
                    batch,
                    product(ones, 1, codes.unit(), codes.width(), batch),
                    product(codes.unit(), codes.width(), codes.unit(), codes.width(), batch),
                    product(signal.y(), m, codes.unit(), codes.width(), batch),
                    product(ones, 1, signal.y(), m, batch),
                    product(signal.y(), m, signal.y(), m, batch));
        }

        /** Returns {@code a' b} of {@code a [B, p]} and {@code b [B, q]}. */
        private static double[] product(double[] a, int p, double[] b, int q, int batch) {
            double[] sum = new double[p * q];
            for (int i = 0; i < batch; i++) {
                for (int j = 0; j < p; j++) {
                    for (int k = 0; k < q; k++) {
                        sum[j * q + k] += a[i * p + j] * b[i * q + k];
                    }
                }
            }
            return sum;
        }
    }

    /** {@code m = t/B}, {@code Cc = Vc'Vc}, {@code Tc = Yc'Vc} with {@code Vc = Vh - 1m'}, and {@code ySum = Y'1}. */
    @SuppressWarnings("ArrayRecordComponent") // a carrier inside one operation
    private record Centred(double count, double[] mean, double[] cc, double[] tc, double[] ySum) {
        /** Of a batch: vectors are centred before they are multiplied, which loses nothing where they are alike. */
        static Centred of(Codes codes, Signal signal) {
            int batch = codes.batch();
            int width = codes.width();
            double[] vc = new double[batch * width];
            Arrays.setAll(vc, i -> codes.unit()[i] - codes.mean()[i % width]);
            int outputs = signal.outputs();
            double[] ones = new double[batch];
            Arrays.fill(ones, 1);
            double[] ySum = Sums.product(ones, 1, signal.y(), outputs, batch);
            double[] yc = new double[batch * outputs];
            Arrays.setAll(yc, i -> signal.y()[i] - ySum[i % outputs] / batch);
            return new Centred(
                    batch,
                    codes.mean(),
                    Sums.product(vc, width, vc, width, batch),
                    Sums.product(yc, outputs, vc, width, batch),
                    ySum);
        }

        /** Of sums of several batches: {@code Cc = Vh'Vh - B m m'}, {@code Tc = Y'Vh - ySum m'}. */
        static Centred of(Statistics statistics) {
            double count = doubles(statistics.count())[0];
            double[] mean = Arrays.stream(statistics.codeSum().readDoubles())
                    .map(t -> t / count)
                    .toArray();
            int width = mean.length;
            double[] ySum = statistics.teachingSum().readDoubles();
            double[] cc = statistics.codeProducts().readDoubles();
            double[] tc = statistics.teachingProducts().readDoubles();
            for (int i = 0; i < cc.length; i++) {
                cc[i] -= count * mean[i / width] * mean[i % width];
            }
            for (int i = 0; i < tc.length; i++) {
                tc[i] -= ySum[i / width] * mean[i % width];
            }
            return new Centred(count, mean, cc, tc, ySum);
        }
    }

    /**
     * The Gram-free gradient:
     *
     * <pre>
     * pHSIC  S Vh = (2/B^2) (Vh Cc + B (Vc m) m') - (gamma al/B^2) (Y Tc + (y_i.ySum - |ySum|^2/B) m')
     * HSIC   S Vh = (2/B^2) Vc Cc - (gamma al/B^2) (Y - 1 ySum'/B) Tc
     * </pre>
     */
    private static void gramFree(Tensor du, Tensor value, Codes codes, Signal signal, Centred sums, Spec spec) {
        int width = codes.width();
        int outputs = signal.outputs();
        double count = sums.count();
        boolean plausible = spec.estimator() == Estimator.PHSIC;
        double[] mean = sums.mean();
        double[] cc = sums.cc();
        double[] tc = sums.tc();
        double ySquared = dot(sums.ySum(), 0, sums.ySum(), 0, outputs);
        double[] dv = new double[codes.batch() * width];
        for (int i = 0; i < codes.batch(); i++) {
            double vm = 0;
            for (int g = 0; g < width; g++) {
                vm += (codes.unit()[i * width + g] - mean[g]) * mean[g];
            }
            double ym = dot(signal.y(), i * outputs, sums.ySum(), 0, outputs) - ySquared / count;
            double product = 0;
            for (int g = 0; g < width; g++) {
                double codePart = plausible ? count * vm * mean[g] : 0;
                for (int h = 0; h < width; h++) {
                    codePart += (codes.unit()[i * width + h] - (plausible ? 0 : mean[h])) * cc[h * width + g];
                }
                double teachingPart = plausible ? ym * mean[g] : 0;
                for (int c = 0; c < outputs; c++) {
                    double y = signal.y()[i * outputs + c] - (plausible ? 0 : sums.ySum()[c] / count);
                    teachingPart += y * tc[c * width + g];
                }
                double sv = (2 * codePart - spec.gamma() * signal.factor() * teachingPart) / count / count;
                dv[i * width + g] = sv;
                product += sv * codes.unit()[i * width + g];
            }
            finishRow(dv, codes, i, product, spec.kernel());
        }
        centringGradient(doubles(du), dv, codes, spec.centred());
        gramFreeValue(value, sums, signal.factor(), spec);
    }

    /**
     * HSIC: {@code |Cc|^2/B^2} and {@code al |Tc|^2/B^2}. pHSIC adds what the mean of the codes contributes:
     * {@code 2B m'Cc m} and {@code 2 al ySum'Tc m} (the terms with {@code |m|^4} and {@code |ySum|^2 |m|^2} cancel).
     */
    private static void gramFreeValue(Tensor value, Centred sums, double factor, Spec spec) {
        double[] mean = sums.mean();
        double[] cc = sums.cc();
        double[] tc = sums.tc();
        int width = mean.length;
        double count = sums.count();
        double zz = dot(cc, 0, cc, 0, cc.length);
        double yz = dot(tc, 0, tc, 0, tc.length);
        if (spec.estimator() == Estimator.PHSIC) {
            for (int g = 0; g < width; g++) {
                zz += 2 * count * mean[g] * dot(cc, g * width, mean, 0, width);
            }
            for (int c = 0; c < sums.ySum().length; c++) {
                yz += 2 * sums.ySum()[c] * dot(tc, c * width, mean, 0, width);
            }
        }
        setValue(value, zz / count / count, factor * yz / count / count, spec.gamma());
    }

    private static double dot(double[] a, int aStart, double[] b, int bStart, int length) {
        double sum = 0;
        for (int i = 0; i < length; i++) {
            sum += a[aStart + i] * b[bStart + i];
        }
        return sum;
    }

    @Override
    public Work codeStatistics(Statistics out, Tensor u, Teaching teaching, Spec spec) {
        int batch = u.shape().extent(0);
        return Work.of(() -> {
            Codes codes = Codes.of(u, spec.centred(), spec.kernel());
            Sums sums = Sums.of(codes, Signal.of(teaching, batch));
            doubles(out.count())[0] = sums.count();
            out.codeSum().write(sums.t());
            out.codeProducts().write(sums.products());
            out.teachingProducts().write(sums.ty());
            out.teachingSum().write(sums.ySum());
            Tensor squared = out.teachingProductsSquared();
            if (squared != null) {
                squared.write(sums.yy());
            }
        });
    }

    @Override
    public Work gradientFromStatistics(
            Tensor du,
            Tensor value,
            Tensor u,
            Teaching teaching,
            Statistics statistics,
            Spec spec,
            @Nullable Meter meter) {
        int batch = u.shape().extent(0);
        return Work.of(() -> {
            Codes codes = Codes.of(u, spec.centred(), spec.kernel());
            gramFree(du, value, codes, Signal.of(teaching, batch), Centred.of(statistics), spec);
            record(value, batch, meter);
        });
    }
}
